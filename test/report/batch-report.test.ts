import test from 'ava';
import type { GpoolEvent } from '../../src/events/event.js';
import type { Outcome } from '../../src/events/outcome.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { type BatchState, createBatchState } from '../../src/queue/batch-state.js';
import { seededRandom } from '../../src/random.js';
import { measureBalance, summarize } from '../../src/report/batch-report.js';
import { estimateRemainingMs } from '../../src/report/eta.js';
import { nameCause, normalizeHint } from '../../src/report/failure-group.js';
import { anySpecs, LOST, RandomHistory } from '../helpers/random-history.js';
import { pickSeed } from '../helpers/seed.js';

const FACTS = { cores: 2, bash: '5.2', memoryKb: 1, bootId: 'x', hostname: 'h', warnings: [] };
const NOTHING = { stdoutBytes: 0, stderrBytes: 0, files: [], missing: [], skipped: [] };
const SUCCEEDED: Outcome = { kind: 'succeeded' };
const START = Date.UTC(2026, 2, 1, 10);

interface Run {
  readonly host: string;
  readonly outcome?: Outcome;
  readonly wallMs?: number;
}

/** A batch in which job 1, 2, … ran as told; every event takes a second. */
function batchOf(runs: readonly Run[], hosts: readonly string[]): BatchState {
  const state = createBatchState(anySpecs(runs.length), hosts);
  const tell = (event: GpoolEvent): boolean => {
    const seq = state.seq + 1;
    return applyEvent(state, { seq, at: new Date(START + (seq - 1) * 1000).toISOString(), ...event });
  };
  tell({ type: 'batch.started', batch: 'b', jobs: runs.length, hosts });
  for (const host of hosts) tell({ type: 'host.ready', host, slots: 1, facts: FACTS });
  for (const [index, { host, outcome = SUCCEEDED, wallMs = 10 }] of runs.entries()) {
    const ids = { job: String(index + 1), attempt: `${index + 1}.1` };
    const usage = { startedAt: START, wallMs, userMs: 0, systemMs: 0, peakKb: 0 };
    const output = { stdout: false, stderr: false };
    tell({ type: 'job.launched', host, ...ids });
    tell({ type: 'job.ended', attempt: ids.attempt, host, outcome, usage, output, offset: 0 });
    if (outcome.kind === 'succeeded') tell({ type: 'job.done', ...ids, collected: NOTHING });
    else tell({ type: 'job.failed', ...ids, outcome, fault: null, collected: NOTHING });
  }
  return state;
}

test('failures are grouped by cause, host and last words, largest group first', (t) => {
  const failed: Outcome = { kind: 'failed', code: 3 };
  const runs: Run[] = [
    { host: 'lab01', outcome: { kind: 'killed', signal: 9 } },
    ...Array.from({ length: 3 }, () => ({ host: 'lab02', outcome: failed })),
    { host: 'lab01', outcome: failed },
    { host: 'lab01' },
  ];
  const hints = new Map([
    ['2', 'cannot open "a 1.csv" at line 12'],
    ['3', 'cannot open "b.csv" at line 7'],
    ['4', 'out of memory 17'],
  ]);
  t.deepEqual(summarize(batchOf(runs, ['lab01', 'lab02']), { hints }).failures, [
    { cause: 'exit code 3', host: 'lab02', hint: 'cannot open "…" at line <n>', jobs: ['2', '3'] },
    { cause: 'signal 9', host: 'lab01', hint: null, jobs: ['1'] },
    { cause: 'exit code 3', host: 'lab02', hint: 'out of memory 17', jobs: ['4'] },
    { cause: 'exit code 3', host: 'lab01', hint: null, jobs: ['5'] },
  ]);
});

const FINE = { state: 'free', note: null, hold: null, slow: null } as const;

test('each host is told with what it was given, did and took', (t) => {
  const runs: Run[] = [
    { host: 'lab01', wallMs: 100 },
    { host: 'lab01', wallMs: 300 },
    { host: 'lab02', wallMs: 50, outcome: { kind: 'timed-out' } },
  ];
  const { hosts } = summarize(batchOf(runs, ['lab01', 'lab02', 'lab03']));
  t.deepEqual(hosts, [
    { name: 'lab01', ...FINE, given: 2, done: 2, failed: 0, busyMs: 400, meanMs: 200 },
    { name: 'lab02', ...FINE, given: 1, done: 0, failed: 1, busyMs: 50, meanMs: 50 },
    { name: 'lab03', ...FINE, given: 0, done: 0, failed: 0, busyMs: 0, meanMs: null },
  ]);
});

test('a batch is told with its counts, its wall time and its longest runs', (t) => {
  const runs = [30, 10, 50, 20].map((wallMs) => ({ host: 'lab01', wallMs }));
  const report = summarize(batchOf(runs, ['lab01']), { longest: 2 });
  t.like(report, { batch: 'b', total: 4, wallMs: 13_000, failures: [] });
  t.deepEqual(report.counts, { free: 0, busy: 0, done: 4, unknown: 0, error: 0 });
  t.deepEqual(
    report.longest.map(({ job, name, host, wallMs }) => `${job} ${name} ${host} ${wallMs}`),
    ['3 sim#3 lab01 50', '1 sim#1 lab01 30'],
  );
});

test('the longest of many runs are found', (t) => {
  const runs = Array.from({ length: 3000 }, (_, index) => ({ host: 'lab01', wallMs: (index * 7919) % 3001 }));
  const { longest } = summarize(batchOf(runs, ['lab01']));
  const sorted = runs.map(({ wallMs }) => wallMs).sort((a, b) => b - a);
  t.deepEqual(
    longest.map(({ wallMs }) => wallMs),
    sorted.slice(0, 5),
  );
});

test('a batch that did not begin can be summed up', (t) => {
  const report = summarize(createBatchState(anySpecs(2), ['lab01']));
  t.like(report, { total: 2, wallMs: 0, balance: 1, failures: [], longest: [] });
});

test('over random histories the sums of the hosts equal the totals', (t) => {
  const seed = pickSeed();
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  for (let round = 0; round < 30; round += 1) {
    const history = new RandomHistory(random, { jobs: 20, hosts: 4 });
    history.run(200);
    const { hosts, counts, failures } = summarize(history.state);
    const attempts = history.state.jobs.reduce((sum, job) => sum + job.attempts.length, 0);
    t.is(sumOf(hosts, 'done'), counts.done);
    const neverBegun = history.state.jobs.filter(({ state, host }) => state === 'error' && host === null);
    t.is(sumOf(hosts, 'failed') + neverBegun.length, counts.error);
    t.is(sumOf(hosts, 'given'), attempts);
    t.is(failures.flatMap(({ jobs }) => jobs).length, counts.error);
  }
});

function sumOf<K extends string>(rows: readonly Readonly<Record<K, number>>[], key: K): number {
  return rows.reduce((sum, row) => sum + row[key], 0);
}

test('balance is the entropy of the shares over that of equal shares', (t) => {
  t.is(measureBalance([20, 10, 5, 5]), 0.875);
  t.is(measureBalance([5, 5, 5, 5]), 1);
  t.is(measureBalance([9, 0]), 0);
  t.is(measureBalance([9]), 1);
  t.is(measureBalance([0, 0]), 1);
});

test('the rest is expected at the pace so far', (t) => {
  t.is(estimateRemainingMs(1000, 25, 100), 3000);
  t.is(estimateRemainingMs(1000, 100, 100), 0);
  t.is(estimateRemainingMs(1000, 0, 100), null);
});

test('what overruled the outcome is named as the cause', (t) => {
  t.is(
    nameCause({ outcome: { kind: 'succeeded' }, fault: { ...LOST, code: 'E_OUTPUT_MISSING' } }),
    'E_OUTPUT_MISSING',
  );
  t.is(nameCause({ outcome: { kind: 'lost', fault: LOST }, fault: null }), 'E_CONN_LOST');
  t.is(nameCause({ outcome: { kind: 'cancelled' }, fault: null }), 'cancelled');
  t.is(nameCause({ outcome: null, fault: null }), 'no outcome');
});

const HINTS: readonly (readonly [string, string])[] = [
  ['segfault at 0x7ffe12ab ip 00007f12deadbeef', 'segfault at <hex> ip <hex>'],
  ["KeyError: 'run 17'", "KeyError: '…'"],
  ['  step 3.5 of  10\t failed ', 'step <n> of <n> failed'],
  ['the deadline facade', 'the deadline facade'],
];
for (const [line, hint] of HINTS) {
  test(`"${line}" is compared as "${hint}"`, (t) => {
    t.is(normalizeHint(line), hint);
  });
}
