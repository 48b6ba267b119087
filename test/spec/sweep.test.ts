import test from 'ava';
import { seededRandom } from '../../src/random.js';
import { Builder } from '../../src/spec/builder.js';
import { expandSweep, type Grid } from '../../src/spec/sweep.js';

test('a 3 by 2 grid with low < high gives the points that hold, in order, with unique names', (t) => {
  const specs = new Builder()
    .addSweep({ low: [1, 2, 4], high: [3, 5] }, ({ low, high }) => ({ commands: [`seq ${low} ${high}`] }), {
      where: ({ low, high }) => low < high,
    })
    .makeJobSpecs();
  t.deepEqual(
    specs.map(({ name }) => name),
    ['low=1,high=3', 'low=1,high=5', 'low=2,high=3', 'low=2,high=5', 'low=4,high=5'],
  );
  t.deepEqual(specs[0]?.commands, ['seq 1 3']);
});

test('each point is repeated, and the seed is the number of the replica', (t) => {
  const specs = new Builder()
    .addSweep({ a: [1, 2] }, () => ({ commands: ['./sim --seed "$GPOOL_REPEAT"'] }), { repeat: 3 })
    .makeJobSpecs();
  t.deepEqual(
    specs.map(({ name, repeat }) => `${name} ${repeat}`),
    ['a=1#1 1', 'a=1#2 2', 'a=1#3 3', 'a=2#1 1', 'a=2#2 2', 'a=2#3 3'],
  );
});

test('linked lists change together and combine with the rest', (t) => {
  const points = expandSweep({ lr: [0.1, 0.2], data: { train: ['a', 'b'], test: ['x', 'y'] } });
  t.deepEqual(points, [
    { lr: 0.1, train: 'a', test: 'x' },
    { lr: 0.1, train: 'b', test: 'y' },
    { lr: 0.2, train: 'a', test: 'x' },
    { lr: 0.2, train: 'b', test: 'y' },
  ]);
});

test('the values of a point are typed from the grid', (t) => {
  const lengths: number[] = [];
  new Builder().addSweep(
    { n: [1, 2], word: { first: ['a', 'bc'], last: [true, false] } },
    ({ n, first, last }) => {
      const sum: number = n + first.length + (last ? 1 : 0);
      lengths.push(sum);
      return { commands: 'true' };
    },
  );
  // @ts-expect-error the grid has no such parameter
  new Builder().addSweep({ n: [1] }, ({ m }) => ({ commands: `${m}` }));
  t.deepEqual(lengths, [3, 3, 4, 4]);
});

test('the values reach the job under their own names, beside its own', (t) => {
  const [spec] = new Builder()
    .addSweep({ lr: [0.1] }, { commands: 'x', values: { fixed: true } })
    .makeJobSpecs();
  t.deepEqual(spec?.values, { fixed: true, lr: 0.1 });
});

const badGrids: [title: string, grid: Grid, message: RegExp][] = [
  ['no parameter', {}, /the sweep has no parameter/],
  ['a list without values', { a: [] }, /a has no values/],
  [
    'linked lists of different lengths',
    { d: { a: [1, 2], b: [3] } },
    /linked lists of d differ in length: a 2, b 1/,
  ],
  ['empty linked lists', { d: { a: [], b: [] } }, /d has no values/],
  ['a name listed twice', { a: [1], d: { a: [2] } }, /a is listed twice/],
  ['a name that no shell takes', { 'a b': [1] }, /"a b" cannot name a shell variable/],
];

for (const [title, grid, message] of badGrids) {
  test(`a sweep with ${title} is refused`, (t) => {
    t.throws(() => new Builder().addSweep(grid, { commands: 'x' }).makeJobSpecs(), {
      message,
      code: 'E_SPEC',
    });
  });
}

test('a sweep has as many points as its lists say, all different, the last fastest', (t) => {
  const seed = Date.now() % 1e9;
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  for (let round = 0; round < 200; round++) {
    const lengths = Array.from({ length: 1 + Math.floor(random() * 4) }, () => 1 + Math.floor(random() * 5));
    const grid = Object.fromEntries(
      lengths.map((length, at) => [`p${at}`, Array.from({ length }, (_, n) => n)]),
    );
    const points = expandSweep(grid).map((point) => Object.values(point).map(Number));
    const ranks = points.map((point) =>
      point.reduce((rank, value, at) => rank * (lengths[at] ?? 1) + value, 0),
    );
    t.deepEqual(
      ranks,
      Array.from({ length: lengths.reduce((a, b) => a * b, 1) }, (_, n) => n),
    );
  }
});
