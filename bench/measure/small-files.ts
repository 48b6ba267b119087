import { rm } from 'node:fs/promises';
import { findMissing } from '../find-missing.js';
import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Contestant, type Measurement, scaled } from '../measurement.js';
import { runCommand } from '../run-command.js';
import { digestTree, makeTree } from '../sample-files.js';

/** Copies the same tree to the same place a second time when that is measured too. */
interface Peer {
  readonly name: string;
  /** One of sh: $1 the source, $2 the target on h1, $3 the ssh_config. */
  readonly line: string;
  readonly program: string;
  readonly modes: boolean;
}

const PEERS: readonly Peer[] = [
  {
    name: 'tar | ssh tar',
    line: 'tar -C "$1" -c . | ssh -F "$3" h1 "mkdir $2; tar -C $2 -xp"',
    program: 'tar',
    modes: true,
  },
  { name: 'scp -r', line: 'scp -q -r -F "$3" "$1" "h1:$2"', program: 'scp', modes: false },
];

const RSYNC: Peer = {
  name: 'rsync',
  line: 'rsync -a -e "ssh -F $3" "$1/" "h1:$2/"',
  program: 'rsync',
  modes: true,
};

/** Two rows, once and again: the second finds there what the first has sent. */
function gpool(lab: Lab, files: number): Contestant[] {
  let [tree, root] = ['', ''];
  const send = async () => {
    const rest = ['--file', `${tree}:tree`, '--', `test $(find tree -type f | wc -l) = ${files}`];
    return files / (await runGpool(lab, ['1/h1'], rest, { root })).seconds;
  };
  const first = async () => {
    tree = await makeTree(lab.fresh('tree', lab.hostDirectory), files);
    root = lab.fresh('gjob', lab.hostDirectory);
    return send();
  };
  const second = async () => {
    const rate = await send();
    for (const path of [tree, root]) await rm(path, { recursive: true });
    return rate;
  };
  return [
    { name: 'gpool', kind: 'ours', run: first },
    { name: 'gpool, again', kind: 'ours', run: second },
  ];
}

function peer(lab: Lab, files: number, { name, line, program, modes }: Peer, again = false): Contestant {
  return {
    name: again ? `${name}, again` : name,
    kind: 'peer',
    missing: findMissing({ [program]: program }),
    run: async () => {
      const tree = await makeTree(lab.fresh('tree', lab.hostDirectory), files);
      const target = lab.fresh('copy', lab.hostDirectory);
      const copy = () => runCommand('sh', ['-ec', line, 'sh', tree, target, lab.hosts.sshConfig]);
      if (again) await copy(); // not on the clock
      const { seconds } = await copy();
      if ((await digestTree(tree, modes)) !== (await digestTree(target, modes)))
        throw new Error('the copy is another');
      for (const path of [tree, target]) await rm(path, { recursive: true });
      return files / seconds;
    },
  };
}

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
  programs: { rsync: 'rsync' },
  prepare: async (lab) => {
    const files = scaled(lab, 5000);
    return [
      ...gpool(lab, files),
      ...PEERS.map((one) => peer(lab, files, one)),
      peer(lab, files, RSYNC),
      peer(lab, files, RSYNC, true),
    ];
  },
};
