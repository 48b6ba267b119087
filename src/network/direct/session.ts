import { HostError, TransportError } from '../../errors.js';
import type { RunOptions, RunResult, Shell } from '../shell/shell.js';
import type { InstalledHelper } from './helper-install.js';
import type { HostPaths } from './host-paths.js';
import { killedFault } from './killed-fault.js';
import { lastLine, remoteFault } from './remote-fault.js';

/** One connection to one host, its helper checked. */
export interface Session {
  readonly shell: Shell;
  readonly helper: InstalledHelper;
  readonly paths: HostPaths;
  /** Whether the host can unpack a stream of files. */
  readonly hasTar: boolean;
}

/** The helper's verbs that a controller uses in passing. */
export type Verb =
  | 'status'
  | 'fetch'
  | 'missing'
  | 'admit'
  | 'seed'
  | 'plant'
  | 'manifest'
  | 'gather'
  | 'digest'
  | 'forget';

/** $1 the helper, then a verb and its words. None of them stands in the host's process list: the helper runs in the shell that is there. */
export const CALL_HELPER = 'file=$1; shift; source "$file" || exit 8; main "$@"';

/** Its exit code where the helper is not there any more. */
export const HELPER_GONE = 8;

export type VerbOptions = Omit<RunOptions, 'args'> & {
  /** Whether the helper may say no (code 1), which is then an answer. @default false */
  readonly refusable?: boolean;
};

/**
 * Runs a verb of the helper to its end.
 *
 * @throws HostError when it did not succeed: E_REMOTE_DISK when the host is full, else E_PROTOCOL with its last words;
 *   TransportError when the batch's directory or the helper is not there any more, or something ended the helper: the connection
 *   is closed, because only the next one tells whether the store was lost, puts the helper there, and tries again.
 */
export async function runVerb(
  session: Session,
  verb: Verb,
  args: readonly string[],
  { refusable = false, ...options }: VerbOptions = {},
): Promise<RunResult> {
  const { shell, helper } = session;
  const result = await shell.run(CALL_HELPER, {
    ...options,
    args: [helper.file, verb, helper.root, ...args],
  });
  if (result.code === 0 || (refusable && result.code === 1)) return result;
  const what = lastLine(result.stderr) || `gjob ${verb} ended with ${result.signal ?? result.code}`;
  const passing = isGone(result)
    ? new TransportError('E_CONN_LOST', { what, where: shell.where })
    : killedFault(result, `gjob ${verb}`, shell.where);
  if (passing !== null) {
    void shell.close();
    throw passing;
  }
  const refusal = new HostError('E_PROTOCOL', { what, where: shell.where, operation: `gjob ${verb}` });
  throw result.code === 3 ? await remoteFault(shell, helper.root, refusal) : refusal;
}

function isGone({ code }: RunResult): boolean {
  return code === NO_BATCH || code === HELPER_GONE;
}

/** The helper's exit code where the batch has no directory. */
const NO_BATCH = 5;
