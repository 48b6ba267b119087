import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findMissing } from '../find-missing.js';
import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Contestant, type Measurement, scaled } from '../measurement.js';
import { runCommand } from '../run-command.js';
import { makeFile } from '../sample-files.js';

const MIB = 2 ** 20;
const CIPHER = 'aes128-gcm@openssh.com';

/** The job's file is there already, as the peers' is: it only gets another name. */
async function gpool(lab: Lab, mib: number): Promise<number> {
  const file = await makeFile(lab.fresh('result', lab.hostDirectory), mib * MIB);
  const rest = ['--return', 'result', '--', `ln ${file} result`];
  const { seconds, batch } = await runGpool(lab, ['1/h1'], rest);
  await checkCopy(file, join(batch, 'jobs', '1', '1', 'result'));
  await rm(batch, { recursive: true });
  return mib / seconds;
}

/** `line` is one of sh: $1 the source on h1, $2 the target, $3 the ssh_config. */
function peer(lab: Lab, mib: number, name: string, line: string): Contestant {
  const program = name.split(' ', 1)[0] ?? '';
  return {
    name,
    kind: 'peer',
    missing: findMissing({ [program]: 'openssh-client' }),
    run: async () => {
      const file = await makeFile(lab.fresh('result', lab.hostDirectory), mib * MIB);
      const target = lab.fresh('copy');
      const { seconds } = await runCommand('sh', ['-ec', line, 'sh', file, target, lab.hosts.sshConfig]);
      await checkCopy(file, target);
      await rm(target);
      return mib / seconds;
    },
  };
}

async function checkCopy(file: string, copy: string): Promise<void> {
  await runCommand('cmp', [file, copy]);
  await rm(file);
}

export const largeReturn: Measurement = {
  goal: 'P7',
  name: 'large-return',
  what: 'one result of 1 GiB from one host to a local disk (gpool: the whole command, digests included)',
  unit: 'MiB/s',
  targets: [
    { ours: 'gpool', against: 'sftp', least: 1.3 },
    { ours: 'gpool', against: "ssh 'cat f'", least: 0.85 },
  ],
  prepare: async (lab) => {
    const mib = scaled(lab, 1024);
    return [
      { name: 'gpool', kind: 'ours', run: () => gpool(lab, mib) },
      peer(lab, mib, 'sftp', `echo "get $1 $2" | sftp -q -c ${CIPHER} -F "$3" -b - h1`),
      peer(lab, mib, "ssh 'cat f'", `ssh -c ${CIPHER} -F "$3" h1 "cat $1" >"$2"`),
      peer(lab, mib, 'scp', `scp -q -c ${CIPHER} -F "$3" "h1:$1" "$2"`),
    ];
  },
};
