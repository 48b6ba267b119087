import { findMissing, type Programs } from '../find-missing.js';
import type { Lab } from '../lab.js';
import type { Contestant } from '../measurement.js';
import { type Finished, runCommand } from '../run-command.js';

export const PARALLEL: Programs = { parallel: 'parallel' };

/** GNU parallel over ssh: a login for each job, or one connection kept open for each host (ControlMaster). */
export type ParallelKind = 'plain' | 'ControlMaster';

export function runParallel(
  lab: Lab,
  kind: ParallelKind,
  hosts: readonly string[],
  rest: readonly string[],
): Promise<Finished> {
  const config = kind === 'plain' ? lab.hosts.sshConfig : lab.hosts.masterConfig;
  const args = ['--will-cite', '--ssh', `ssh -F ${config}`, '-S', hosts.join(','), ...rest];
  return runCommand('parallel', args, { env: { PARALLEL_HOME: lab.directory } });
}

export function parallelName(kind: ParallelKind): string {
  return kind === 'plain' ? 'GNU parallel' : 'GNU parallel, ControlMaster';
}

/** A contestant; `run` is told nothing but the kind. */
export function parallelContestant(
  kind: ParallelKind,
  run: (kind: ParallelKind) => Promise<number>,
): Contestant {
  return { name: parallelName(kind), kind: 'peer', missing: findMissing(PARALLEL), run: () => run(kind) };
}
