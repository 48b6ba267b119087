import PQueue from 'p-queue';
import { type Fault, toFault } from '../errors.js';
import type { Host } from '../spec/host.js';
import { createHostShell, type HostShellOptions } from './host-shell.js';
import type { RunOptions, RunResult } from './shell/shell.js';

/** What became of a script on one host: it ran to its end, or it could not. Times are ours, milliseconds since 1970. */
export type HostResult =
  | { readonly host: string; readonly ran: RunResult; readonly startedAt: number; readonly endedAt: number }
  | { readonly host: string; readonly fault: Fault };

export interface HostScript extends Pick<RunOptions, 'deadlineMs' | 'input'> {
  /** Bash. */
  readonly scriptOf: (host: Host) => string;
  /** `$1`, `$2` … of the script. */
  readonly argsOf?: (host: Host) => readonly string[];
}

/**
 * Runs one script on all hosts at once, at most 32 at a time, and tells each result as it comes. Never rejects for a
 * host: a fault is a result too. Leaves nothing on the hosts.
 */
export async function runOnHosts(
  hosts: readonly Host[],
  { scriptOf, argsOf = () => [], ...run }: HostScript,
  options: HostShellOptions,
  onResult: (result: HostResult) => void = () => undefined,
): Promise<readonly HostResult[]> {
  const queue = new PQueue({ concurrency: 32 });
  const runOn = async (host: Host): Promise<HostResult> => {
    const shell = createHostShell(host, options);
    try {
      await shell.open();
      const startedAt = Date.now();
      const ran = await shell.run(scriptOf(host), { ...run, args: argsOf(host) });
      return { host: host.name, ran, startedAt, endedAt: Date.now() };
    } catch (error) {
      return { host: host.name, fault: toFault(error, host.name) };
    } finally {
      await shell.close();
    }
  };
  return Promise.all(
    hosts.map((host) =>
      queue.add(async () => {
        const result = await runOn(host);
        onResult(result);
        return result;
      }),
    ),
  );
}
