import { chmod, rm } from 'node:fs/promises';
import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Measurement, scaled } from '../measurement.js';
import { COMPARE, fileCopier } from '../peers/copy-line.js';
import { makeFile } from '../sample-files.js';

const MIB = 2 ** 20;
const CIPHER = 'aes128-gcm@openssh.com';
const SFTP = `echo "put $1 $2" | sftp -q -c ${CIPHER} -F "$3" -b - h1`;

async function gpool(lab: Lab, mib: number, mode: number): Promise<number> {
  const file = await makeFile(lab.fresh('input', lab.hostDirectory), mib * MIB);
  await chmod(file, mode);
  const root = lab.fresh('gjob', lab.hostDirectory);
  const rest = ['--file', `${file}:input`, '--', `test $(stat -c %s input) = ${mib * MIB}`];
  const { seconds } = await runGpool(lab, ['1/h1'], rest, { root });
  for (const path of [file, root]) await rm(path, { recursive: true });
  return mib / seconds;
}

export const largeFile: Measurement = {
  goal: 'P7',
  name: 'large-file',
  what: 'one input of 1 GiB to one host (gpool: the whole command, digests and a job that looks at it included)',
  unit: 'MiB/s',
  targets: [
    { ours: 'gpool', against: 'sftp', least: 1.3 },
    { ours: 'gpool', against: "ssh 'cat > f'", least: 0.85 },
  ],
  prepare: async (lab) => {
    const mib = scaled(lab, 1024);
    const peer = (name: string, line: string) =>
      fileCopier(lab, mib, { name, line, below: lab.hostDirectory });
    return [
      { name: 'gpool', kind: 'ours', run: () => gpool(lab, mib, 0o644) },
      { name: 'gpool, a read-only input', kind: 'ours', run: () => gpool(lab, mib, 0o444) },
      peer('sftp', SFTP),
      peer('sftp and digests at both ends', `${SFTP}; ${COMPARE}`),
      peer("ssh 'cat > f'", `ssh -c ${CIPHER} -F "$3" h1 "cat > $2" <"$1"`),
      peer('scp', `scp -q -c ${CIPHER} -F "$3" "$1" "h1:$2"`),
    ];
  },
};
