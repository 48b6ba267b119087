import test from 'ava';
import { nameJobs } from '../../src/batch/name-jobs.js';
import { createBatchState } from '../../src/queue/batch-state.js';
import { makeSpec } from '../helpers/make-specs.js';

const NAMES = ['train lr=0.1', 'train lr=0.2', 'eval', '2', 'a[1]'];
const { jobs } = createBatchState(
  NAMES.map((name) => makeSpec({ name })),
  ['lab01'],
);

const CASES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [['1'], ['1']],
  [['id=2'], ['2']],
  [['name=2'], ['4']],
  [
    ['name=train*', 'id=5'],
    ['1', '2', '5'],
  ],
  [['eval'], ['3']],
  [['train*'], ['1', '2']],
  [
    ['*lr=0.?', '1'],
    ['1', '2'],
  ],
  [['a[1]'], ['5']],
  [['a[*'], ['5']],
  [['*'], ['1', '2', '3', '4', '5']],
];

for (const [words, ids] of CASES) {
  test(`${words.join(' and ')} means the jobs ${ids.join(' ')}`, (t) => {
    t.deepEqual(nameJobs(jobs, words, 'b'), ids);
  });
}

for (const word of ['6', 'tran*', 'EVAL', '.*', '']) {
  test(`"${word}" means no job`, (t) => {
    const error = t.throws(() => nameJobs(jobs, ['eval', word], 'b'), { code: 'E_USAGE' });
    t.regex(error?.message ?? '', /no job is called/);
  });
}

test('a word that is the number of one job and the name of another is refused with both ways to say it', (t) => {
  const error = t.throws(() => nameJobs(jobs, ['eval', '2'], 'b'), { code: 'E_USAGE' });
  t.regex(
    error?.message ?? '',
    /number of one job \(train lr=0\.2\).*name of another \(number 4\).*id=2.*name=2/,
  );
  for (const word of ['id=6', 'name=6', 'id=eval', 'name=3']) t.throws(() => nameJobs(jobs, [word], 'b'));
});

test('a job that is called as a form is meant by that, too', (t) => {
  const { jobs: odd } = createBatchState([makeSpec({ name: 'id=9' }), makeSpec({ name: 'lr=1' })], ['lab01']);
  t.deepEqual(nameJobs(odd, ['id=9'], 'b'), ['1']);
  t.deepEqual(nameJobs(odd, ['lr=1'], 'b'), ['2']);
});
