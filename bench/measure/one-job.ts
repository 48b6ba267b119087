import { GPOOL, runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import type { Measurement } from '../measurement.js';
import { PARALLEL, parallelContestant, runParallel } from '../peers/parallel.js';
import { runCommand } from '../run-command.js';

const PARTS = 'node, loading gpool';

async function coldRun(lab: Lab): Promise<number> {
  return (await runGpool(lab, ['1/h1'], ['--', 'true'], { root: lab.fresh('cold', lab.hostDirectory) }))
    .seconds;
}

export const oneJob: Measurement = {
  goal: 'P5',
  name: 'one-job',
  what: 'one job (true) on one host, from the command to its end',
  unit: 's',
  targets: [{ ours: 'gpool', against: 'GNU parallel', most: 1 }],
  programs: PARALLEL,
  prepare: async (lab) => [
    { name: 'gpool', kind: 'ours', run: async () => (await runGpool(lab, ['1/h1'], ['--', 'true'])).seconds },
    { name: 'gpool, first time on this host', kind: 'ours', run: () => coldRun(lab) },
    parallelContestant(
      'plain',
      async (kind) => (await runParallel(lab, kind, ['1/h1'], ['true', ':::', '1'])).seconds,
    ),
    {
      name: 'ssh host true',
      kind: 'limit',
      run: async () => (await runCommand('ssh', ['-F', lab.hosts.sshConfig, 'h1', 'true'])).seconds,
    },
    {
      name: 'node, nothing',
      kind: 'limit',
      run: async () => (await runCommand('node', ['-e', '0'])).seconds,
    },
    {
      name: PARTS,
      kind: 'limit',
      run: async () => (await runCommand('node', [GPOOL, 'run', '--help'])).seconds,
    },
    {
      name: 'gpool on this machine, no ssh',
      kind: 'limit',
      run: async () => (await runGpool(lab, ['1/:'], ['--', 'true'])).seconds,
    },
  ],
};
