import test from 'ava';
import { measureProgress } from '../../src/batch/batch-progress.js';
import type { GpoolEvent } from '../../src/events/event.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { type BatchState, createBatchState } from '../../src/queue/batch-state.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { LOST } from '../helpers/random-history.js';

const NOTES = { name: 'sim', lastFailure: null, elapsedMs: 1000 };
const FACTS = { cores: 1, bash: '5.2', memoryKb: 1, bootId: 'b', hostname: 'h', warnings: [] };
const USAGE = { startedAt: 1, wallMs: 1, userMs: 0, systemMs: 0, peakKb: 0 };

function play(hosts: readonly string[], jobs: number, events: readonly GpoolEvent[]): BatchState {
  const state = createBatchState(makeSpecs(jobs), hosts);
  const all: GpoolEvent[] = [{ type: 'batch.started', batch: 'b', jobs, hosts }, ...events];
  for (const [index, event] of all.entries()) {
    applyEvent(state, { seq: index + 1, at: '2026-03-01T10:00:00.000Z', ...event });
  }
  return state;
}

function start(job: string, host: string): GpoolEvent[] {
  const attempt = `${job}.1`;
  return [
    { type: 'job.launched', job, attempt, host },
    { type: 'job.started', attempt, host, slot: 1, offset: 1 },
  ];
}

test('what runs on a host that cannot be asked is unknown and not running, and has no time left to tell', (t) => {
  const ready = (host: string): GpoolEvent => ({ type: 'host.ready', host, slots: 1, facts: FACTS });
  const events: GpoolEvent[] = [ready('a'), ready('b'), ...start('1', 'a'), ...start('2', 'b')];
  t.like(measureProgress(play(['a', 'b'], 3, events), NOTES), { running: 2, waiting: 1 });

  events.push({ type: 'host.lost', host: 'b', fault: LOST });
  const lost = measureProgress(play(['a', 'b'], 3, events), NOTES);
  t.like(lost, { running: 1, waiting: 1, counts: { unknown: 1 } });
  t.is(lost.running + lost.waiting + lost.counts.unknown + lost.counts.done, lost.total);

  const ended: GpoolEvent[] = [
    ...events,
    {
      type: 'job.ended',
      attempt: '1.1',
      host: 'a',
      outcome: { kind: 'succeeded' },
      usage: USAGE,
      output: { stdout: false, stderr: false },
      offset: 2,
    },
    {
      type: 'job.done',
      job: '1',
      attempt: '1.1',
      collected: { stdoutBytes: 0, stderrBytes: 0, files: [], missing: [], skipped: [] },
    },
  ];
  t.is(measureProgress(play(['a', 'b'], 3, ended), NOTES).etaMs, 2000);
  t.is(measureProgress(play(['a', 'b'], 2, ended), NOTES).etaMs, null);
});
