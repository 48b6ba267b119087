import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Measurement, scaled } from '../measurement.js';
import { treeCopier } from '../peers/copy-line.js';
import { digestTree, makeTree } from '../sample-files.js';

/** The job's files are there already, as the peers' are: they only get another place. */
async function gpool(lab: Lab, files: number): Promise<number> {
  const tree = await makeTree(lab.fresh('results', lab.hostDirectory), files);
  const digest = await digestTree(tree, true);
  const { seconds, batch } = await runGpool(
    lab,
    ['1/h1'],
    ['--return', 'results', '--', `mv ${tree} results`],
  );
  const same = (await digestTree(join(batch, 'jobs', '1', '1', 'results'), true)) === digest;
  await rm(batch, { recursive: true });
  if (!same) throw new Error('the results are not what was left');
  return files / seconds;
}

export const smallReturns: Measurement = {
  goal: 'P8',
  name: 'small-returns',
  what: '5,000 results of 4 kB from one host to a local disk (gpool: the whole command, digests included)',
  unit: 'files/s',
  targets: [
    { ours: 'gpool', against: 'ssh tar | tar', least: 1 },
    { ours: 'gpool', against: 'scp -r', least: 4 },
    { ours: 'gpool', against: 'rsync', least: 1 },
  ],
  programs: { rsync: 'rsync' },
  prepare: async (lab) => {
    const files = scaled(lab, 5000);
    const peer = (name: string, modes: boolean, line: string) =>
      treeCopier(lab, files, { name, modes, line });
    const tar = 'mkdir "$2"; ssh -F "$3" h1 "tar -C $1 -c ." | tar -C "$2" -xp';
    return [
      { name: 'gpool', kind: 'ours', run: () => gpool(lab, files) },
      peer('ssh tar | tar', true, tar),
      peer('scp -r', false, 'scp -q -r -F "$3" "h1:$1" "$2"'),
      peer('rsync', true, 'rsync -a -e "ssh -F $3" "h1:$1/" "$2/"'),
    ];
  },
};
