import test from 'ava';
import { seededRandom } from '../../../src/random.js';
import { foldHosts } from '../../../src/spec/inventory/fold-hosts.js';
import { expandRanges } from '../../../src/spec/inventory/ranges.js';

const folds: [names: string[], folded: string][] = [
  [[], ''],
  [['lab01', 'lab02', 'lab03'], 'lab[01-03]'],
  [['lab01', 'gpu', 'lab04', 'lab02', 'lab02'], 'gpu,lab[01-02,04]'],
  [['n8', 'n9', 'n10', 'n11'], 'n[8-11]'],
  [['lab09', 'lab10', 'lab9'], 'lab[9,09-10]'],
  [['lab7'], 'lab7'],
  [['me@g1:22', 'me@g2:22'], 'me@g[1-2]:22'],
  [['g1.x.org', 'g2.x.org', 'g2.y.org'], 'g2.y.org,g[1-2].x.org'],
  [['10.0.0.1', '10.0.0.2', '[::1]:22', ':'], '10.0.0.1,10.0.0.2,:,[::1]:22'],
];

for (const [names, folded] of folds) {
  test(`${names.join(' ')} folds to ${folded}`, (t) => t.is(foldHosts(names), folded));
}

test('what was folded expands to the same names', (t) => {
  const seed = Date.now() % 1e9;
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const name = () => {
    const number = String(Math.floor(random() * 120)).padStart(1 + Math.floor(random() * 3), '0');
    return `${random() < 0.5 ? 'lab' : 'n2x'}${number}${random() < 0.5 ? '.x1.org' : ''}`;
  };
  for (let round = 0; round < 300; round++) {
    const names = new Set(Array.from({ length: Math.floor(random() * 60) }, name));
    const folded = foldHosts([...names]);
    const parts = folded.match(/(?:\[[^\]]*\]|[^,[])+/g) ?? [];
    const expanded = parts.flatMap((part) => expandRanges(part, 'test'));
    t.deepEqual(expanded.sort(), [...names].sort(), folded);
  }
});
