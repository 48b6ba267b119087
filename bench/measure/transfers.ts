import { randomBytes } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findMissing } from '../find-missing.js';
import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Contestant, type Measurement, scaled } from '../measurement.js';
import { runCommand } from '../run-command.js';

const MIB = 2 ** 20;
const CIPHER = 'aes128-gcm@openssh.com';

/** A file that no two runs share, so that no cache helps. */
async function makeFile(lab: Lab, mib: number): Promise<string> {
  const path = lab.fresh('input', lab.hostDirectory);
  const file = await open(path, 'w');
  for (let done = 0; done < mib; done++) await file.write(randomBytes(MIB));
  await file.close();
  return path;
}

async function makeTree(lab: Lab, files: number): Promise<string> {
  const root = lab.fresh('tree', lab.hostDirectory);
  for (let at = 0; at < files; at++) {
    const directory = join(root, String(Math.floor(at / 100)));
    if (at % 100 === 0) await mkdir(directory, { recursive: true });
    await writeFile(join(directory, `${at}`), randomBytes(4096));
  }
  return root;
}

/** A peer that copies `source` to host h1, as one line of sh: $1 source, $2 target there, $3 ssh_config. */
function copier(
  lab: Lab,
  name: string,
  line: string,
  program: string,
  source: () => Promise<string>,
  size: number,
): Contestant {
  return {
    name,
    kind: 'peer',
    missing: findMissing({ [program]: program }),
    run: async () => {
      const target = lab.fresh('copy', lab.hostDirectory);
      const args = ['-ec', line, 'sh', await source(), target, lab.hosts.sshConfig];
      return size / (await runCommand('sh', args)).seconds;
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
    const make = () => makeFile(lab, mib);
    const gpool = async () => {
      const file = await make();
      const rest = ['--file', `${file}:input`, '--', 'test -s input'];
      return mib / (await runGpool(lab, ['1/h1'], rest)).seconds;
    };
    return [
      { name: 'gpool', kind: 'ours', run: gpool },
      copier(lab, 'sftp', `echo "put $1 $2" | sftp -q -c ${CIPHER} -F "$3" -b - h1`, 'sftp', make, mib),
      copier(lab, "ssh 'cat > f'", `ssh -c ${CIPHER} -F "$3" h1 "cat > $2" <"$1"`, 'ssh', make, mib),
      copier(lab, 'scp', `scp -q -c ${CIPHER} -F "$3" "$1" "h1:$2"`, 'scp', make, mib),
    ];
  },
};

export const smallFiles: Measurement = {
  goal: 'P8',
  name: 'small-files',
  what: '5,000 files of 4 kB to one host (gpool: the whole command, digests and a job included), and again unchanged',
  unit: 'files/s',
  targets: [
    { ours: 'gpool', against: 'tar | ssh tar', least: 1 },
    { ours: 'gpool', against: 'scp -r', least: 4 },
    { ours: 'gpool', against: 'rsync', least: 1 },
    { ours: 'gpool, again', against: 'rsync, again', least: 1 },
  ],
  prepare: async (lab) => {
    const files = scaled(lab, 5000);
    let tree = '';
    const make = async () => (tree = await makeTree(lab, files));
    const send = async () =>
      files / (await runGpool(lab, ['1/h1'], ['--file', `${tree}:tree`, '--', 'test -d tree'])).seconds;
    const rsync = 'rsync -a -e "ssh -F $3" "$1/" "h1:$2/"';
    return [
      { name: 'gpool', kind: 'ours', run: () => make().then(send) },
      { name: 'gpool, again', kind: 'ours', run: send },
      copier(
        lab,
        'tar | ssh tar',
        'tar -C "$1" -c . | ssh -F "$3" h1 "mkdir $2; tar -C $2 -x"',
        'tar',
        make,
        files,
      ),
      copier(lab, 'scp -r', 'scp -q -r -F "$3" "$1" "h1:$2"', 'scp', make, files),
      copier(lab, 'rsync', rsync, 'rsync', make, files),
      rsyncAgain(lab, () => tree, files),
    ];
  },
};

/** Its first copy is not on the clock. */
function rsyncAgain(lab: Lab, tree: () => string, files: number): Contestant {
  return {
    name: 'rsync, again',
    kind: 'peer',
    missing: findMissing({ rsync: 'rsync' }),
    run: async () => {
      const target = lab.fresh('copy', lab.hostDirectory);
      const args = ['-a', '-e', `ssh -F ${lab.hosts.sshConfig}`, `${tree()}/`, `h1:${target}/`];
      await runCommand('rsync', args);
      return files / (await runCommand('rsync', args)).seconds;
    },
  };
}
