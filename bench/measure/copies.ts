import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findMissing } from '../find-missing.js';
import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Contestant, type Measurement, scaled } from '../measurement.js';
import { writeNumbers } from '../numbers.js';
import { runCommand } from '../run-command.js';
import { makeFile } from '../sample-files.js';

const COPIES = 20;
const MEGABYTES = 50;
const HOSTS = 16;

/** Different files, of the names 1 to 20: of one file no host would be sent a second copy. */
async function makeInputs(lab: Lab, bytes: number): Promise<string> {
  const directory = lab.fresh('inputs', lab.hostDirectory);
  await mkdir(directory);
  for (let at = 1; at <= COPIES; at++) await makeFile(join(directory, String(at)), bytes);
  return directory;
}

async function gpool(lab: Lab, bytes: number): Promise<number> {
  const inputs = await makeInputs(lab, bytes);
  const root = lab.fresh('gjob', lab.hostDirectory);
  const numbers = await writeNumbers(lab.fresh('numbers'), COPIES);
  const hosts = lab.hosts.names.slice(0, HOSTS).map((name) => `1/${name}`);
  const check = `test $(stat -c %s input) = ${bytes}`;
  const rest = ['-a', numbers, '--file', `${inputs}/{}:input`, '--', `${check} # {}`];
  const { seconds } = await runGpool(lab, hosts, rest, { root });
  for (const path of [inputs, root]) await rm(path, { recursive: true });
  return (COPIES * bytes) / 1e6 / seconds;
}

/** `line` copies $1 to $2 on h$3; $4 is the ssh_config. */
function peer(lab: Lab, bytes: number, name: string, program: string, line: string): Contestant {
  return {
    name,
    kind: 'peer',
    missing: findMissing({ [program]: program }),
    run: async () => {
      const inputs = await makeInputs(lab, bytes);
      const target = lab.fresh('copies', lab.hostDirectory);
      await mkdir(target);
      const each = `n=$4; set -- "$1/$n" "$2/$n" $(((n - 1) % ${HOSTS} + 1)) "$3"; ${line}`;
      const all = `seq ${COPIES} | xargs -P4 -n1 sh -ec "$0" sh "$@"`;
      const { seconds } = await runCommand('sh', ['-ec', all, each, inputs, target, lab.hosts.sshConfig]);
      await runCommand('diff', ['-rq', inputs, target]);
      for (const path of [inputs, target]) await rm(path, { recursive: true });
      return (COPIES * bytes) / 1e6 / seconds;
    },
  };
}

export const copies: Measurement = {
  goal: 'P7',
  name: 'copies',
  what: `${COPIES} files of ${MEGABYTES} MB to ${HOSTS} hosts (gpool: the whole command, digests and jobs included)`,
  unit: 'MB/s',
  targets: [{ ours: 'gpool', against: 'scp, 4 at a time', least: 1.3 }],
  programs: { rsync: 'rsync' },
  prepare: async (lab) => {
    const bytes = scaled(lab, MEGABYTES * 1e6);
    const scp = 'scp -q -c aes128-gcm@openssh.com -F "$4" "$1" "h$3:$2"';
    const rsync = 'rsync -W -e "ssh -c aes128-gcm@openssh.com -F $4" "$1" "h$3:$2"';
    return [
      { name: 'gpool', kind: 'ours', run: () => gpool(lab, bytes) },
      peer(lab, bytes, 'scp, 4 at a time', 'scp', scp),
      peer(lab, bytes, 'rsync, 4 at a time', 'rsync', rsync),
    ];
  },
};
