import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from './lab.js';
import { type CommandOptions, type Finished, runCommand } from './run-command.js';

/** What bin/gpool starts, of the same build as this. */
export const GPOOL = fileURLToPath(new URL('../cli/main.js', import.meta.url));

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
  const batch = lab.fresh('batch');
  const { root = join(lab.hostDirectory, 'gjob'), through } = options;
  const where = ['-F', lab.hosts.sshConfig, '-S', hosts.join(','), '--root', root, '--out', batch];
  const finished = await runCommand(
    process.execPath,
    [...(through ? [through] : []), GPOOL, 'run', ...where, '--nice', '0', ...rest],
    options,
  );
  return { ...finished, batch };
}
