import { rm } from 'node:fs/promises';
import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Contestant, type Measurement, scaled } from '../measurement.js';
import { treeCopier } from '../peers/copy-line.js';
import { makeTree } from '../sample-files.js';

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
    const below = lab.hostDirectory;
    const tar = 'tar -C "$1" -c . | ssh -F "$3" h1 "mkdir $2; tar -C $2 -xp"';
    const scp = 'scp -q -r -F "$3" "$1" "h1:$2"';
    const rsync = { name: 'rsync', modes: true, line: 'rsync -a -e "ssh -F $3" "$1/" "h1:$2/"', below };
    return [
      ...gpool(lab, files),
      treeCopier(lab, files, { name: 'tar | ssh tar', modes: true, line: tar, below }),
      treeCopier(lab, files, { name: 'scp -r', modes: false, line: scp, below }),
      treeCopier(lab, files, rsync),
      treeCopier(lab, files, { ...rsync, again: true }),
    ];
  },
};
