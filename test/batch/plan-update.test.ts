import test from 'ava';
import { identifyJob } from '../../src/batch/job-identity.js';
import { isUpToDate, type KnownJob, planUpdate } from '../../src/batch/plan-update.js';
import type { Outcome } from '../../src/events/outcome.js';
import { createBatchState } from '../../src/queue/batch-state.js';
import { seededRandom } from '../../src/random.js';
import type { JobSpec } from '../../src/spec/job-spec.js';
import { makeSpec } from '../helpers/make-specs.js';
import { pickSeed } from '../helpers/seed.js';
import { settleJobs } from '../helpers/settle-jobs.js';

const DONE: Outcome = { kind: 'succeeded' };
const FAILED: Outcome = { kind: 'failed', code: 1 };
const INPUTS = { sim: 'aa', data: 'bb' };

function job(name: string, command = name, more: Partial<JobSpec> = {}): JobSpec {
  return makeSpec({ name, commands: [command], files: [{ source: 'sim', target: 'sim' }], ...more });
}

function known(specs: readonly JobSpec[], outcomes: readonly Outcome[], inputs = INPUTS): KnownJob[] {
  const state = createBatchState(specs, ['a']);
  settleJobs(
    state,
    outcomes.map((outcome) => ['a', outcome] as const),
  );
  return state.jobs.map((each) => ({ job: each, spec: each.spec, inputs }));
}

function plan(before: readonly KnownJob[], wanted: readonly JobSpec[], inputs = INPUTS): string[] {
  return planUpdate(before, wanted, inputs, before.length).map(({ id, fate, changes }) =>
    [id, fate, ...changes].join(' '),
  );
}

test('jobs that are done and the same are unchanged, failed and waiting ones are told apart', (t) => {
  const specs = [job('a'), job('b'), job('c')];
  t.deepEqual(plan(known(specs, [DONE, FAILED]), specs), ['1 unchanged', '2 failed', '3 unfinished']);
});

test('a job that was put before the others takes no place of theirs', (t) => {
  const before = known([job('a'), job('b')], [DONE, DONE]);
  t.deepEqual(plan(before, [job('new'), job('a'), job('b')]), ['1 unchanged', '2 unchanged', '3 new']);
});

test('other order is no change', (t) => {
  const before = known([job('a'), job('b')], [DONE, DONE]);
  t.true(isUpToDate(planUpdate(before, [job('b'), job('a')], INPUTS, 2)));
});

test('a job that is not wanted any more is removed, and its id is not given again', (t) => {
  const before = known([job('a'), job('b')], [DONE, DONE]);
  t.deepEqual(plan(before, [job('b'), job('c')]), ['1 removed', '2 unchanged', '3 new']);
});

const CHANGES: readonly (readonly [string, JobSpec, Record<string, string>])[] = [
  ['commands', job('a', 'other'), INPUTS],
  ['values', job('a', 'a', { values: { lr: 1 } }), INPUTS],
  ['environment', job('a', 'a', { env: { X: '1' } }), INPUTS],
  ['returns', job('a', 'a', { returns: [{ pattern: 'out', optional: false }] }), INPUTS],
  ['inputs: sim', job('a'), { ...INPUTS, sim: 'cc' }],
  ['inputs: sim, data', job('a', 'a', { files: [{ source: 'data', target: 'data' }] }), INPUTS],
  ['commands inputs: sim', job('a', 'other'), { ...INPUTS, sim: 'cc' }],
];
for (const [what, spec, inputs] of CHANGES) {
  test(`a changed job says what is other than it was: ${what}`, (t) => {
    const before = known([job('a')], [DONE]);
    t.deepEqual(
      planUpdate(before, [spec], inputs, 1).map(({ id, fate, changes }) => [id, fate, changes.join(' ')]),
      [['1', 'changed', what]],
    );
  });
}

const SAME: readonly (readonly [string, JobSpec])[] = [
  ['its name', job('other', 'a')],
  ['its limits', job('a', 'a', { limits: { timeoutSecs: 1 } })],
  ['whether it may be repeated', job('a', 'a', { repeatable: false })],
  ['where its input lies here', job('a', 'a', { files: [{ source: 'data', target: 'sim' }] })],
];
for (const [what, spec] of SAME) {
  test(`${what} is no part of what a job is`, (t) => {
    t.deepEqual(plan(known([job('a')], [DONE]), [spec], { sim: 'aa', data: 'aa' }), ['1 unchanged']);
  });
}

test('replicas are different jobs', (t) => {
  t.not(
    identifyJob({ spec: job('a', 'a', { repeat: 1 }), inputs: INPUTS }),
    identifyJob({ spec: job('a', 'a', { repeat: 2 }), inputs: INPUTS }),
  );
});

test('the order in which values and variables are written is nothing', (t) => {
  const one = job('a', 'a', { values: { x: 1, y: 2 }, env: { A: '1', B: '2' } });
  const other = job('a', 'a', { values: { y: 2, x: 1 }, env: { B: '2', A: '1' } });
  t.is(identifyJob({ spec: one, inputs: INPUTS }), identifyJob({ spec: other, inputs: INPUTS }));
});

test('equal jobs are matched one by one, by their names first', (t) => {
  const before = known([job('a', 'x'), job('b', 'x'), job('c', 'x')], [DONE, FAILED, DONE]);
  t.deepEqual(plan(before, [job('b', 'x'), job('c', 'x')]), ['1 removed', '2 failed', '3 unchanged']);
  t.deepEqual(plan(before, [job('d', 'x'), job('e', 'x'), job('f', 'x'), job('g', 'x')]), [
    '1 unchanged',
    '2 failed',
    '3 unchanged',
    '4 new',
  ]);
});

test('whatever is added, removed, changed and moved, each job is told once and kept ids stay', (t) => {
  const seed = pickSeed();
  t.log(`SEED=${seed}`);
  const random = seededRandom(seed);
  for (let round = 0; round < 200; round += 1) {
    const specs = Array.from({ length: 12 }, (_, at) => job(`j${at}`, `run ${Math.floor(random() * 8)}`));
    const before = known(
      specs,
      specs.map(() => DONE),
    );
    const kept = specs.filter(() => random() < 0.7).sort(() => random() - 0.5);
    const wanted = [...kept, ...Array.from({ length: 3 }, (_, at) => job(`n${at}`, `new ${at}`))];
    const planned = planUpdate(before, wanted, INPUTS, before.length);
    t.is(new Set(planned.map(({ id }) => id)).size, planned.length);
    t.is(planned.filter(({ fate }) => fate === 'unchanged').length, kept.length);
    t.is(planned.filter(({ fate }) => fate === 'removed').length, specs.length - kept.length);
    for (const { job: own, id, spec, fate } of planned) {
      if (fate === 'unchanged') t.is(own?.spec.commands[0], spec.commands[0]);
      if (own) t.is(own.id, id);
    }
  }
});

test('a hundred thousand jobs are compared in seconds', (t) => {
  const specs = Array.from({ length: 100_000 }, (_, at) => job(`j${at}`));
  const before = createBatchState(specs, []).jobs.map((each) => ({
    job: each,
    spec: each.spec,
    inputs: INPUTS,
  }));
  const begun = performance.now();
  t.is(planUpdate(before, specs.slice(1), INPUTS, specs.length).length, specs.length);
  t.true(performance.now() - begun < 30_000);
});
