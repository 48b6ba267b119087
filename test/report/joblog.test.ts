import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { GpoolEvent, Recorded } from '../../src/events/event.js';
import type { Outcome } from '../../src/events/outcome.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { createBatchState } from '../../src/queue/batch-state.js';
import { formatJoblogLine, Joblog } from '../../src/report/joblog.js';
import { anySpec, LOST } from '../helpers/random-history.js';
import { tempDir } from '../helpers/temp-dir.js';

const FACTS = { cores: 2, bash: '5.2', memoryKb: 1, bootId: 'x', hostname: 'lab01', warnings: [] };
const HEADER = 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n';
const USAGE = { startedAt: 1_795_241_580_876, wallMs: 1188, userMs: 3, systemMs: 1, peakKb: 0 };
const COLLECTED = {
  stdoutBytes: 5,
  stderrBytes: 2,
  files: [{ path: 'out.csv', bytes: 100 }],
  missing: [],
  skipped: [],
};

/** A batch of one job with a log beside it; `tell` does what the Manager does. */
async function begin(path: string) {
  const state = createBatchState([anySpec({ commands: ['echo a\nb', 'exit'] })], ['lab01']);
  const errors: unknown[] = [];
  const log = new Joblog(path, state, (error) => errors.push(error));
  const tell = (...events: readonly GpoolEvent[]): void => {
    for (const event of events) {
      const recorded: Recorded = { seq: state.seq + 1, at: '2026-03-01T10:00:00.000Z', ...event };
      applyEvent(state, recorded);
      log.observe(recorded);
    }
  };
  tell({ type: 'host.ready', host: 'lab01', slots: 1, facts: FACTS });
  return { state, log, errors, tell };
}

function tryOnce(n: number, outcome: Outcome): GpoolEvent[] {
  const attempt = `1.${n}`;
  const output = { stdout: true, stderr: false };
  return [
    { type: 'job.launched', job: '1', attempt, host: 'lab01' },
    { type: 'job.ended', attempt, host: 'lab01', outcome, usage: USAGE, output, offset: 1 },
  ];
}

test('every attempt that ended is one line in the columns of GNU parallel', async (t) => {
  const path = join(await tempDir(t), 'joblog.tsv');
  const { log, tell, errors } = await begin(path);
  const failed: Outcome = { kind: 'failed', code: 3 };
  tell(...tryOnce(1, failed), {
    type: 'job.requeued',
    job: '1',
    attempt: '1.1',
    reason: failed,
    counted: true,
  });
  tell(...tryOnce(2, { kind: 'succeeded' }), {
    type: 'job.done',
    job: '1',
    attempt: '1.2',
    collected: COLLECTED,
  });
  log.close();
  t.is(
    await readFile(path, 'utf8'),
    `${HEADER}1\tlab01\t1795241580.876\t     1.188\t0\t0\t3\t0\techo a\0b\0exit\n` +
      '1\tlab01\t1795241580.876\t     1.188\t0\t107\t0\t0\techo a\0b\0exit\n',
  );
  t.deepEqual(errors, []);
  t.is((await stat(path)).mode & 0o777, 0o600);
});

test('a log that is gone on with has one header', async (t) => {
  const path = join(await tempDir(t), 'joblog.tsv');
  (await begin(path)).log.close();
  (await begin(path)).log.close();
  t.is(await readFile(path, 'utf8'), HEADER);
});

test('a log that cannot be written is reported once and stops nothing', async (t) => {
  const { log, tell, errors } = await begin(join(await tempDir(t), 'gone', 'joblog.tsv'));
  tell(...tryOnce(1, { kind: 'succeeded' }), {
    type: 'job.done',
    job: '1',
    attempt: '1.1',
    collected: COLLECTED,
  });
  log.close();
  t.is(errors.length, 1);
});

const EXITS: readonly (readonly [string, Outcome, string])[] = [
  ['a signal is in its own column', { kind: 'killed', signal: 9 }, '0\t9'],
  ['a job out of time is -1 and TERM', { kind: 'timed-out' }, '-1\t15'],
  ['a cancelled job is -1 and TERM', { kind: 'cancelled' }, '-1\t15'],
  ['a lost job is -1', { kind: 'lost', fault: LOST }, '-1\t0'],
];
for (const [title, outcome, columns] of EXITS) {
  test(title, async (t) => {
    const { state, tell, log } = await begin(join(await tempDir(t), 'joblog.tsv'));
    tell(...tryOnce(1, outcome));
    log.close();
    const [job] = state.jobs;
    const attempt = job?.attempts[0];
    const line = job && attempt ? formatJoblogLine(job, attempt) : '';
    t.true(line.includes(`\t${columns}\techo`), line);
  });
}

test('a job that succeeded but left a return out does not read as success', async (t) => {
  const { state, tell, log } = await begin(join(await tempDir(t), 'joblog.tsv'));
  const outcome: Outcome = { kind: 'succeeded' };
  const fault = { ...LOST, code: 'E_OUTPUT_MISSING', domain: 'job' } as const;
  tell(...tryOnce(1, outcome), {
    type: 'job.failed',
    job: '1',
    attempt: '1.1',
    outcome,
    fault,
    collected: COLLECTED,
  });
  log.close();
  const [job] = state.jobs;
  const attempt = job?.attempts[0];
  t.true(job && attempt && formatJoblogLine(job, attempt).includes('\t-1\t0\techo'));
});
