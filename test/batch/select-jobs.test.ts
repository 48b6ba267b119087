import test from 'ava';
import { describeSelector, type JobSelector, selectJobs } from '../../src/batch/select-jobs.js';
import { SpecError } from '../../src/errors.js';
import type { Outcome } from '../../src/events/outcome.js';
import { type BatchState, createBatchState } from '../../src/queue/batch-state.js';
import { makeSpec } from '../helpers/make-specs.js';
import { settleJobs } from '../helpers/settle-jobs.js';

const LOST: Outcome = {
  kind: 'lost',
  fault: { code: 'E_REBOOTED', domain: 'host', what: 'gone', where: 'a', next: '' },
};

/** Seven jobs: done on a, failed(1) on a, failed(137) on b, killed(9) on b, cancelled, lost, and one that waits. */
function batch(): BatchState {
  const specs = ['x', 'y', 'sim#1', 'sim#2', 'c', 'l', 'w'].map((name, at) =>
    makeSpec({ name, values: at < 4 ? { lr: at % 2 === 0 ? 0.1 : 0.01, opt: 'adam' } : {} }),
  );
  const state = createBatchState(specs, ['a', 'b']);
  settleJobs(state, [
    ['a', { kind: 'succeeded' }],
    ['a', { kind: 'failed', code: 1 }],
    ['b', { kind: 'failed', code: 137 }],
    ['b', { kind: 'killed', signal: 9 }],
    ['a', { kind: 'cancelled' }],
    ['a', LOST],
  ]);
  return state;
}

const CASES: readonly (readonly [string, JobSelector, readonly string[]])[] = [
  ['nothing said: the failed ones', {}, ['2', '3', '4', '5', '6']],
  ['unfinished: those without an end of their own', { unfinished: true }, ['5', '6', '7']],
  ['failed or unfinished', { failed: true, unfinished: true }, ['2', '3', '4', '5', '6', '7']],
  ['all', { all: true }, ['1', '2', '3', '4', '5', '6', '7']],
  ['one host', { hosts: ['b'] }, ['3', '4']],
  ['two hosts, however they ended', { all: true, hosts: ['a', 'b'] }, ['1', '2', '3', '4', '5', '6']],
  ['an exit code, which may stand for a signal', { exits: [137] }, ['3', '4']],
  ['two exit codes', { exits: [1, 137] }, ['2', '3', '4']],
  ['exit code 0 among all', { all: true, exits: [0] }, ['1']],
  ['a value, however it is written', { where: [{ name: 'lr', value: '0.10' }] }, ['3']],
  [
    'two values at once',
    {
      all: true,
      where: [
        { name: 'lr', value: '0.01' },
        { name: 'opt', value: 'adam' },
      ],
    },
    ['2', '4'],
  ],
  ['a name, however it ended', { jobs: ['x'] }, ['1']],
  ['a number and a name', { jobs: ['7', 'sim#2'] }, ['4', '7']],
  ['a name of the failed only', { failed: true, jobs: ['x', 'y'] }, ['2']],
  ['host and exit code', { hosts: ['a'], exits: [1] }, ['2']],
];
for (const [title, selector, wanted] of CASES) {
  test(`${title}: the jobs ${wanted.join(' ')}`, (t) => {
    t.deepEqual(
      selectJobs(batch().jobs, selector, 'b').map(({ id }) => id),
      wanted,
    );
  });
}

test('a word that is a number and a name of two jobs is refused; the forms tell', (t) => {
  const state = createBatchState([makeSpec({ name: '2' }), makeSpec({ name: '1' })], ['a']);
  const select = (word: string) => selectJobs(state.jobs, { jobs: [word] }, 'b').map(({ id }) => id);
  t.throws(() => select('2'), { code: 'E_USAGE', message: /id=2.*name=2/ });
  t.deepEqual(select('id=2'), ['2']);
  t.deepEqual(select('name=2'), ['1']);
});

const NONE: readonly (readonly [string, JobSelector, RegExp])[] = [
  ['an exit code that no job has', { exits: [3] }, /--failed --exit 3/],
  ['a host that no job was on', { hosts: ['moon'] }, /--failed --host moon/],
  ['a job that is not there', { jobs: ['moon'] }, /no job is called "moon"/],
  ['a value that is not there', { where: [{ name: 'size', value: '1' }] }, /has lr, opt/],
];
for (const [title, selector, says] of NONE) {
  test(`${title} is refused in the words it was asked in`, (t) => {
    const error = t.throws(() => selectJobs(batch().jobs, selector, 'b'), { instanceOf: SpecError });
    t.is(error.code, 'E_USAGE');
    t.regex(error.message, says);
    t.regex(error.next, /Nothing was changed/);
  });
}

test('a selector is described as it would be typed', (t) => {
  const selector = {
    unfinished: true,
    hosts: ['a'],
    exits: [1],
    jobs: ['x'],
    where: [{ name: 'n', value: '1' }],
  };
  t.is(describeSelector(selector), '--unfinished --job x --host a --exit 1 --where n=1');
});
