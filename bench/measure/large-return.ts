import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Measurement, scaled } from '../measurement.js';
import { COMPARE, fileCopier } from '../peers/copy-line.js';
import { runCommand } from '../run-command.js';
import { makeFile } from '../sample-files.js';

const MIB = 2 ** 20;
const CIPHER = 'aes128-gcm@openssh.com';
const SFTP = `echo "get $1 $2" | sftp -q -c ${CIPHER} -F "$3" -b - h1`;

/** The job's file is there already, as the peers' is: it only gets another name. */
async function gpool(lab: Lab, mib: number): Promise<number> {
  const file = await makeFile(lab.fresh('result', lab.hostDirectory), mib * MIB);
  const rest = ['--return', 'result', '--', `ln ${file} result`];
  const { seconds, batch } = await runGpool(lab, ['1/h1'], rest);
  await runCommand('cmp', [file, join(batch, 'jobs', '1', '1', 'result')]);
  for (const path of [file, batch]) await rm(path, { recursive: true });
  return mib / seconds;
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
    const peer = (name: string, line: string) => fileCopier(lab, mib, { name, line });
    return [
      { name: 'gpool', kind: 'ours', run: () => gpool(lab, mib) },
      peer('sftp', SFTP),
      peer('sftp and digests at both ends', `${SFTP}; ${COMPARE}`),
      peer("ssh 'cat f'", `ssh -c ${CIPHER} -F "$3" h1 "cat $1" >"$2"`),
      peer('scp', `scp -q -c ${CIPHER} -F "$3" "h1:$1" "$2"`),
    ];
  },
};
