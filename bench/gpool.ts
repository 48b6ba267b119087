import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from './lab.js';
import { type CommandOptions, type Finished, runCommand } from './run-command.js';

/** What bin/gpool starts, of the same build as this. */
export const GPOOL = fileURLToPath(new URL('../cli/main.cjs', import.meta.url));

export interface GpoolRun extends Finished {
  /** The batch directory. */
  readonly batch: string;
}

/**
 * `gpool run` with the hosts and directories of the lab, at the peers' niceness. A host is `8/h1`: 8 slots of h1.
 * `rest` is the remaining command line; `through` a Node program that runs gpool in its own process.
 */
export async function runGpool(
  lab: Lab,
  hosts: readonly string[],
  rest: readonly string[],
  options: CommandOptions & { readonly root?: string; readonly through?: string } = {},
): Promise<GpoolRun> {
  const { through } = options;
  const { args, batch } = gpoolArguments(lab, hosts, rest, options.root);
  const finished = await runCommand(process.execPath, [...(through ? [through] : []), ...args], options);
  return { ...finished, batch };
}

/** The same, without waiting for its end. Nothing of what it says is kept. */
export function startGpool(
  lab: Lab,
  hosts: readonly string[],
  rest: readonly string[],
): { readonly child: ChildProcess; readonly batch: string } {
  const { args, batch } = gpoolArguments(lab, hosts, rest);
  return { child: spawn(process.execPath, args, { stdio: 'ignore' }), batch };
}

function gpoolArguments(
  lab: Lab,
  hosts: readonly string[],
  rest: readonly string[],
  root = join(lab.hostDirectory, 'gjob'),
) {
  const batch = lab.fresh('batch');
  const where = ['-F', lab.hosts.sshConfig, '-S', hosts.join(','), '--root', root, '--out', batch];
  return { args: [GPOOL, 'run', ...where, '--nice', '0', ...rest], batch };
}
