import { TransportError } from '../../errors.js';
import type { RunResult } from '../shell/shell.js';

/**
 * The error of a script that something on its host ended by a signal (a `pkill` in a job, out of memory); null when it ended by
 * itself. Another try may help, and tries are counted: a limit of the host ends it each time.
 */
export function killedFault(
  { code, signal }: Pick<RunResult, 'code' | 'signal'>,
  name: string,
  where: string,
): TransportError | null {
  const number = (code ?? 0) - A_SIGNAL;
  if (signal === null && number <= 0) return null;
  return new TransportError('E_TRANSFER', {
    what: `${name} was ended by signal ${signal ?? number}`,
    where,
    operation: name,
    next: 'Something ends processes there (a `pkill` in a job, a limit of memory or CPU time); it is tried again, five times at most.',
  });
}

/** A shell adds the signal's number to it when a program that it ran was ended by one. */
const A_SIGNAL = 128;
