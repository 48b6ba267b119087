import type { BatchState, HostRecord } from '../queue/batch-state.js';
import { type AttemptRecord, type Job, liveAttempts, tellingAttempt } from '../queue/job.js';
import { leftBehind } from '../queue/left-behind.js';
import { STATE_BUSY, STATE_DONE, STATE_ERROR, STATE_FREE, STATE_UNKNOWN } from '../queue/states.js';
import { foldHosts } from '../spec/inventory/fold-hosts.js';
import {
  countOf,
  type Explanation,
  explainBatch,
  formatSpan,
  isUsable,
  type LiveFacts,
} from './explanation.js';
import { nameCause } from './failure-group.js';
import { noteHost } from './host-note.js';

/** Why a job stands where it stands, and what to do next. Pure. */
export function explainJob(state: BatchState, job: Job, facts: LiveFacts): Explanation {
  switch (job.state) {
    case STATE_DONE:
      return explain('done', `It is done, on ${job.host}.`, '`gpool logs` prints what it wrote.');
    case STATE_ERROR:
      return explainFailure(job);
    case STATE_UNKNOWN:
      return explainUnknown(state, job);
    case STATE_BUSY:
      return explainBusy(state, job, facts);
    case STATE_FREE:
      return explainWaiting(state, job, facts);
  }
}

function explainFailure(job: Job): Explanation {
  const last = tellingAttempt(job);
  if (job.cancelling !== null && last?.outcome?.kind !== 'failed')
    return explain('cancelled', `It was cancelled: ${job.cancelling}.`, '`gpool rerun` runs it again.');
  if (leftBehind(job)) return explainLeft(job);
  const cause = last ? `: ${nameCause(last)} on ${last.host}` : '';
  const what = `It gave up after ${countOf(job.attempts.length, 'attempt')}${cause}.`;
  return explain('failed', what, '`gpool logs --stderr` shows what it said; `gpool rerun` runs it again.');
}

function explainLeft({ host, decidedBy }: Job): Explanation {
  const fault = decidedBy?.fault;
  const why = fault ? `: ${fault.what} (${fault.code})` : '';
  const what = `It has ended on ${host}, but its results could not be fetched${why}. They are there still.`;
  return explain('left', what, 'Put that right, then `gpool resume` fetches them. Nothing is run for that.');
}

function explainUnknown(state: BatchState, job: Job): Explanation {
  const host = state.hostByName.get(job.host ?? '');
  const why = host?.fault ? `: ${host.fault.what} (${host.fault.code})` : '';
  const next = `It goes on there and is asked for when ${job.host} answers; \`gpool hosts remove BATCH ${job.host} --now\` gives it up.`;
  return explain('unreachable', `${job.host} has it and cannot be asked${why}.`, next);
}

function explainBusy(state: BatchState, job: Job, facts: LiveFacts): Explanation {
  const live = liveAttempts(job);
  const running = live.find(({ startedAt, outcome }) => startedAt !== null && outcome === null);
  const [first] = live;
  if (job.cancelling !== null)
    return explain(
      'cancelling',
      `It is being ended on ${job.host}: ${job.cancelling}.`,
      'Wait: it gets ten seconds.',
    );
  if (running) return explainRunning(job, live, running, facts);
  if (first && first.outcome !== null)
    return explain(
      'collecting',
      `It has ended on ${first.host}, and its results are being fetched.`,
      collectNext(facts),
    );
  if (first?.recalled)
    return explain(
      'recalled',
      `It waited on ${first.host} and is asked back from there.`,
      'It goes to another host.',
    );
  return explainBacklog(job, state.hostByName.get(job.host ?? ''));
}

function collectNext({ controlled }: LiveFacts): string {
  return controlled ? 'Wait for them.' : '`gpool resume` fetches them.';
}

function explainRunning(
  job: Job,
  live: readonly AttemptRecord[],
  one: AttemptRecord,
  { now }: LiveFacts,
): Explanation {
  const places = foldHosts(live.map(({ host }) => host));
  const since = formatSpan(now - (one.startedAt ?? now));
  if (job.paused) return explain('halted', `It is halted on ${places}.`, '`gpool unpause` lets it go on.');
  return explain(
    'running',
    `It runs on ${places} since ${since}.`,
    '`gpool logs --follow` shows what it writes.',
  );
}

function explainBacklog(job: Job, host: HostRecord | undefined): Explanation {
  const slots = host?.slots ?? 0;
  const what = `It waits on ${job.host}, which runs ${slots} at once and has ${host?.handed ?? 0}.`;
  return explain('backlog', what, 'It starts there as soon as a slot is free.');
}

function explainWaiting(state: BatchState, job: Job, facts: LiveFacts): Explanation {
  if (job.paused && !state.ended) return explain('paused', 'It is paused.', '`gpool unpause` lets it go on.');
  const whole = explainBatch(state, facts);
  if (whole) return whole;
  if (job.notBefore > facts.now) {
    const what = `It had ${countOf(job.attempts.length, 'attempt')} and is tried again in ${formatSpan(job.notBefore - facts.now)}.`;
    return explain('delayed', what, 'Wait.');
  }
  return explainHosts(state, job);
}

function explainHosts(state: BatchState, job: Job): Explanation {
  const usable = state.hosts.filter(isUsable);
  const others = describeOthers(state.hosts.filter((host) => !isUsable(host)));
  if (usable.length === 0)
    return explain(
      'no-host',
      `No host takes jobs now${others}.`,
      '`gpool hosts release` or `add` gives it one.',
    );
  const slots = usable.reduce((sum, host) => sum + (host.slots ?? 0), 0);
  const free = usable.reduce((sum, host) => sum + Math.max(0, (host.slots ?? 0) - host.handed), 0);
  const before = countBefore(state, job);
  const queue = before === 0 ? 'no job before it' : `${countOf(before, 'job')} before it`;
  if (free > before)
    return explain(
      'starting',
      `${free} of ${slots} slots are free, with ${queue}.`,
      'It starts within a moment, a minute if hosts refused jobs just now.',
    );
  const what = `All ${countOf(slots, 'slot')} of ${countOf(usable.length, 'host')} are taken or promised, with ${queue}${others}.`;
  return explain('queued', what, 'Wait, or let more hosts join with `gpool hosts add`.');
}

/** What keeps the other hosts from helping, each reason once. */
function describeOthers(hosts: readonly HostRecord[]): string {
  const byNote = new Map<string, string[]>();
  for (const host of hosts) {
    const note = noteHost(host) ?? 'not reached yet';
    byNote.set(note, [...(byNote.get(note) ?? []), host.name]);
  }
  return [...byNote].map(([note, names]) => `; ${foldHosts(names)} ${note}`).join('');
}

function countBefore({ jobQueue }: BatchState, job: Job): number {
  let before = 0;
  for (const other of jobQueue.walk(STATE_FREE)) {
    if (other === job) break;
    if (!other.paused) before += 1;
  }
  return before;
}

function explain(reason: string, what: string, next: string): Explanation {
  return { reason, what, next };
}
