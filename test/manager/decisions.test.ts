import test from 'ava';
import type { ErrorCode } from '../../src/errors.js';
import { HostError, JobError, SpecError } from '../../src/errors.js';
import type { Outcome } from '../../src/events/outcome.js';
import { planBacklog } from '../../src/manager/backlog.js';
import { JobTime } from '../../src/manager/job-time.js';
import { outcomeFromStatus } from '../../src/manager/reconcile.js';
import { decideRetry, type RetryFacts } from '../../src/manager/retry.js';

const lost = (code: ErrorCode): Outcome => ({
  kind: 'lost',
  fault: new HostError(code, { what: 'gone', where: 'a' }).toFault(),
});
const facts = (partial: Partial<RetryFacts>): RetryFacts => ({
  outcome: { kind: 'failed', code: 1 },
  counted: 1,
  cost: 1,
  losses: 1,
  refusals: 1,
  requests: 1,
  repeatable: true,
  halted: false,
  mayHaveRun: true,
  ...partial,
});
const decide = (partial: Partial<RetryFacts>, retries = 0, hosts = 2): string => {
  const decision = decideRetry(facts(partial), { retries, hosts });
  return decision.kind === 'give-up' ? 'give up' : decision.counted ? 'again' : 'again, not counted';
};

test('a failed attempt is made again as long as there are retries', (t) => {
  t.is(decide({ counted: 1 }), 'give up');
  t.is(decide({ counted: 1 }, 1), 'again');
  t.is(decide({ cost: 2 }, 1), 'give up');
  t.is(decide({ outcome: { kind: 'killed', signal: 9 } }, 1), 'again');
  t.is(decide({ outcome: { kind: 'timed-out' } }, 1), 'again');
});

test('a cancelled attempt is not made again', (t) => {
  t.is(decide({ outcome: { kind: 'cancelled' } }, 5), 'give up');
});

test('a loss costs no attempt, but a third one ends the job, and one alone if it may not be repeated', (t) => {
  t.is(decide({ outcome: lost('E_STORE_GONE') }), 'again, not counted');
  t.is(decide({ outcome: lost('E_STORE_GONE'), losses: 3 }), 'give up');
  t.is(decide({ outcome: lost('E_STORE_GONE'), repeatable: false }), 'give up');
});

test('a refused job goes to every host before it gives up, repeatable or not', (t) => {
  const refused = { outcome: lost('E_REMOTE_DISK'), mayHaveRun: false, repeatable: false };
  t.is(decide({ ...refused, refusals: 9 }, 0, 10), 'again, not counted');
  t.is(decide({ ...refused, refusals: 10 }, 0, 10), 'give up');
});

test('a job whose inputs cannot be had gives up at once', (t) => {
  const missing = new SpecError('E_INPUT_MISSING', { what: 'no file', where: 'x' }).toFault();
  const changed = new JobError('E_INPUT_CHANGED', { what: 'changed', where: 'x' }).toFault();
  t.is(decide({ outcome: { kind: 'lost', fault: missing }, mayHaveRun: false }, 5), 'give up');
  t.is(decide({ outcome: { kind: 'lost', fault: changed }, mayHaveRun: false }, 5), 'give up');
});

test('a backlog holds half a second of short jobs, none of long or unknown ones', (t) => {
  const backlog = (medianMs: number | null, slots = 2) =>
    planBacklog({ slots, totalSlots: 8, medianMs, waiting: 100_000 });
  t.is(backlog(null), 0);
  t.is(backlog(1000), 0);
  t.is(backlog(250), 4);
  t.is(backlog(10), 100);
  t.is(backlog(0), 1024);
  t.is(backlog(1, 0), 0);
});

test('near the end a host gets at most half of its fair share ahead', (t) => {
  const backlog = (waiting: number) => planBacklog({ slots: 2, totalSlots: 8, medianMs: 250, waiting });
  t.is(backlog(24), 3);
  t.is(backlog(8), 1);
  t.is(backlog(7), 0);
});

test('a share that is done in a tenth of a second is given whole, and nearly all to a host that is alone', (t) => {
  const backlog = (slots: number, waiting: number) =>
    planBacklog({ slots, totalSlots: 8, medianMs: 5, waiting });
  t.is(backlog(2, 400), 50);
  t.is(backlog(2, 200), 40);
  t.is(backlog(2, 100), 25);
  t.is(backlog(8, 500), 492);
  t.is(backlog(8, 1), 0);
});

test('the median follows the jobs that ended last', (t) => {
  const time = new JobTime();
  t.is(time.medianMs, null);
  for (let at = 0; at < 100; at += 1) time.add(1000);
  t.is(time.medianMs, 1000);
  for (let at = 0; at < 40; at += 1) time.add(5);
  t.is(time.medianMs, 5);
});

test('a status tells an end only where the host is sure of it', (t) => {
  t.deepEqual(outcomeFromStatus({ state: 'done' }), { kind: 'succeeded' });
  t.deepEqual(outcomeFromStatus({ state: 'error', outcome: { kind: 'failed', code: 2 } }), {
    kind: 'failed',
    code: 2,
  });
  t.is(outcomeFromStatus({ state: 'error' }), null);
  t.is(outcomeFromStatus({ state: 'unknown' }), null);
  t.is(outcomeFromStatus({ state: 'busy', paused: false }), null);
  t.is(outcomeFromStatus(undefined), null);
});
