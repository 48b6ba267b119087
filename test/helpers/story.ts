import type { GpoolEvent, Usage } from '../../src/events/event.js';
import type { Outcome } from '../../src/events/outcome.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { type BatchState, createBatchState } from '../../src/queue/batch-state.js';
import type { JobSpec } from '../../src/spec/job-spec.js';

/** When every story is told, milliseconds since 1970. */
export const STORY_TIME = Date.UTC(2026, 0, 1);

/** The state that these events lead to, each of them told at `STORY_TIME`. */
export function tellStory(
  specs: readonly JobSpec[],
  hosts: readonly string[],
  events: readonly GpoolEvent[],
): BatchState {
  const state = createBatchState(specs, hosts);
  const at = new Date(STORY_TIME).toISOString();
  for (const event of events) applyEvent(state, { seq: state.seq + 1, at, ...event });
  return state;
}

/** The host can be used, with two slots. */
export function ready(host: string, slots = 2): GpoolEvent {
  const facts = { cores: slots, bash: '5.2', memoryKb: 1, bootId: 'x', hostname: host, warnings: [] };
  return { type: 'host.ready', host, slots, facts };
}

/** The job's first attempt is handed to the host. */
export function launched(job: string, host: string): GpoolEvent {
  return { type: 'job.launched', job, attempt: `${job}.1`, host };
}

/** It has begun there. */
export function started(job: string, host: string): GpoolEvent {
  return { type: 'job.started', attempt: `${job}.1`, host, slot: 1, offset: 1 };
}

/** It has ended there. */
export function ended(job: string, host: string, outcome: Outcome, wallMs = 1000): GpoolEvent {
  const usage: Usage = { startedAt: STORY_TIME, wallMs, userMs: 0, systemMs: 0, peakKb: 0 };
  const output = { stdout: false, stderr: false };
  return { type: 'job.ended', attempt: `${job}.1`, host, outcome, usage, output, offset: 2 };
}
