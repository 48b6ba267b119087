import { type ErrorCode, GpoolError, SpecError } from '../errors.js';

/** One thing that is wrong with what the user wrote. */
export interface Problem {
  readonly code: ErrorCode;
  /** `hosts.yaml:12`, `job 3 (sim)`. */
  readonly where: string;
  readonly what: string;
  /** Better advice than the code's own. */
  readonly next?: string;
}

/**
 * Throws one SpecError that lists every problem, numbered; returns when there is none. The error has the code of
 * the first problem. `where` is the place that stands for all of them when there are several.
 */
export function throwProblems(problems: readonly Problem[], where: string): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  const { code, what, next } = first;
  if (others.length === 0) throw new SpecError(code, { what, where: first.where, ...(next && { next }) });
  const list = problems.map((problem, at) => `  ${at + 1}. ${problem.where}: ${problem.what}`);
  throw new SpecError(code, { what: `${problems.length} problems:\n${list.join('\n')}\n`, where });
}

/** Does what may throw an error of ours, and keeps the error with the other problems. */
export function collect<T>(problems: Problem[], attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof GpoolError)) throw error;
    problems.push(error);
    return undefined;
  }
}

/** `a, b, c and 997 more`, for messages. */
export function nameSome(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
