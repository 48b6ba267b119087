import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Measurement, scaled } from '../measurement.js';
import { writeNumbers } from '../numbers.js';
import { runCommand } from '../run-command.js';

const SLOTS = 8;
const KILOBYTE = 'x'.repeat(1023);

async function rate(lab: Lab, jobs: number, command: string): Promise<number> {
  const numbers = await writeNumbers(lab.fresh('numbers'), jobs);
  const { seconds, batch } = await runGpool(lab, [`${SLOTS}/h1`], ['--quiet', '-a', numbers, '--', command]);
  if (command.startsWith('echo'))
    await readFile(join(new BatchDirectory(batch).attemptDirectory(String(jobs), 1), 'stdout'));
  await rm(batch, { recursive: true });
  return jobs / seconds;
}

export const smallOutputs: Measurement = {
  goal: 'P13',
  name: 'small-outputs',
  what: 'jobs that print 1 kB each, against the same jobs without output',
  unit: 'jobs/s',
  targets: [{ ours: 'gpool, 1 kB of stdout', against: 'gpool, no output', least: 0.8 }],
  prepare: async (lab) => [
    {
      name: 'gpool, 1 kB of stdout',
      kind: 'ours',
      run: () => rate(lab, scaled(lab, 10_000), `echo ${KILOBYTE} # {}`),
    },
    {
      name: 'gpool, no output',
      kind: 'ours',
      run: () => rate(lab, scaled(lab, 10_000), `: ${KILOBYTE} # {}`),
    },
  ],
};

export const largeOutput: Measurement = {
  goal: 'P13',
  name: 'large-output',
  what: 'one job that prints 1 GiB',
  unit: 'MiB/s',
  targets: [{ ours: 'gpool', against: 'ssh h1 head -c', least: 0.8 }],
  prepare: async (lab) => {
    const mib = scaled(lab, 1024);
    const command = `head -c ${mib}M /dev/zero`;
    const ssh = ['-F', lab.hosts.sshConfig, '-c', 'aes128-gcm@openssh.com', 'h1', command];
    return [
      {
        name: 'gpool',
        kind: 'ours',
        run: async () => {
          const { seconds, batch } = await runGpool(lab, ['1/h1'], ['--quiet', '--', command]);
          const { size } = await stat(join(batch, 'jobs', '1', '1', 'stdout'));
          await rm(batch, { recursive: true });
          if (size !== mib * 2 ** 20) throw new Error('the output is not whole');
          return mib / seconds;
        },
      },
      {
        name: 'ssh h1 head -c',
        kind: 'limit',
        run: async () => {
          const file = lab.fresh('output');
          const args = ['-c', 'file=$1; shift; ssh "$@" >"$file"; rm "$file"', 'sh', file, ...ssh];
          return mib / (await runCommand('sh', args)).seconds;
        },
      },
    ];
  },
};
