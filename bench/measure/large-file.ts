import { rm, stat } from 'node:fs/promises';
import { findMissing } from '../find-missing.js';
import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Contestant, type Measurement, scaled } from '../measurement.js';
import { runCommand } from '../run-command.js';
import { makeFile } from '../sample-files.js';

const MIB = 2 ** 20;
const CIPHER = 'aes128-gcm@openssh.com';

async function gpool(lab: Lab, mib: number): Promise<number> {
  const file = await makeFile(lab.fresh('input', lab.hostDirectory), mib * MIB);
  const root = lab.fresh('gjob', lab.hostDirectory);
  const rest = ['--file', `${file}:input`, '--', `test $(stat -c %s input) = ${mib * MIB}`];
  const { seconds } = await runGpool(lab, ['1/h1'], rest, { root });
  for (const path of [file, root]) await rm(path, { recursive: true });
  return mib / seconds;
}

/** `line` is one of sh: $1 the source, $2 the target on h1, $3 the ssh_config. */
function peer(lab: Lab, mib: number, name: string, line: string): Contestant {
  const program = name.split(' ', 1)[0] ?? '';
  return {
    name,
    kind: 'peer',
    missing: findMissing({ [program]: 'openssh-client' }),
    run: async () => {
      const file = await makeFile(lab.fresh('input', lab.hostDirectory), mib * MIB);
      const target = lab.fresh('copy', lab.hostDirectory);
      const { seconds } = await runCommand('sh', ['-ec', line, 'sh', file, target, lab.hosts.sshConfig]);
      if ((await stat(target)).size !== mib * MIB) throw new Error('the copy is not whole');
      for (const path of [file, target]) await rm(path);
      return mib / seconds;
    },
  };
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
    return [
      { name: 'gpool', kind: 'ours', run: () => gpool(lab, mib) },
      peer(lab, mib, 'sftp', `echo "put $1 $2" | sftp -q -c ${CIPHER} -F "$3" -b - h1`),
      peer(lab, mib, "ssh 'cat > f'", `ssh -c ${CIPHER} -F "$3" h1 "cat > $2" <"$1"`),
      peer(lab, mib, 'scp', `scp -q -c ${CIPHER} -F "$3" "$1" "h1:$2"`),
    ];
  },
};
