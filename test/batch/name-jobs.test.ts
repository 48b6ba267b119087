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
  [['2'], ['2']],
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
