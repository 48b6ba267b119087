import type { Fault } from '../errors.js';
import type { BatchState, Hold, HostRecord } from '../queue/batch-state.js';
import { STATE_DONE, STATE_ERROR, STATE_FREE, STATE_UNKNOWN } from '../queue/states.js';
import { countOf, type Explanation, explainBatch, formatSpan, type LiveFacts } from './explanation.js';

/** Why a host has nothing to do, or not more, and what to do next. Pure. */
export function explainHost(state: BatchState, host: HostRecord, facts: LiveFacts): Explanation {
  const explanation =
    explainOwn(host, facts) ??
    explainBatch(state, facts) ??
    explainFull(host) ??
    explainQueue(state, facts.now);
  if (host.slow === null) return explanation;
  const what = `${explanation.what} It is slow: its jobs take ${host.slow} times as long as elsewhere, so that it gets work last.`;
  return { ...explanation, what };
}

/** What lies with the host itself. */
function explainOwn(host: HostRecord, facts: LiveFacts): Explanation | null {
  const { name, state, fault, hold } = host;
  if (state === STATE_DONE)
    return explain('left', 'It was let go of.', `\`gpool hosts add BATCH ${name}\` takes it back.`);
  if (state === STATE_ERROR) return explainFault('unusable', 'It cannot be used', fault);
  if (hold) return explainHold(host, hold, facts);
  if (state !== STATE_UNKNOWN || !facts.controlled) return null;
  if (fault)
    return explainFault('unreachable', 'It cannot be reached now, and is tried again by itself', fault);
  return explain('connecting', 'It was not reached yet.', 'Wait.');
}

function explainFault(reason: string, what: string, fault: Fault | null): Explanation {
  if (!fault) return explain(reason, `${what}.`, '`gpool hosts` checks it.');
  return explain(reason, `${what}: ${fault.what} (${fault.code}).`, fault.next);
}

function explainHold({ name, handed, running }: HostRecord, hold: Hold, { now }: LiveFacts): Explanation {
  const release = `\`gpool hosts release BATCH ${name}\` lets it have jobs again.`;
  const left = handed > 0 ? ` ${countOf(running, 'job')} running there.` : '';
  if (hold.kind !== 'set-aside') {
    const what = hold.kind === 'held' ? 'It is held' : 'It is let go of when it is empty';
    return explain(hold.kind, `${what}: ${hold.reason}.${left}`, release);
  }
  const wait = hold.untilMs - now;
  const then = wait > 0 ? `One job tries it in ${formatSpan(wait)}.` : 'The next job tries it.';
  return explain('set-aside', `It was set aside: ${hold.reason} (${hold.code}).${left} ${then}`, release);
}

function explainFull({ slots, handed, running }: HostRecord): Explanation | null {
  if (slots === null || handed < slots) return null;
  const waiting = handed - running;
  const backlog = waiting > 0 ? `, and ${waiting} more wait there` : '';
  return explain(
    'full',
    `It is busy: it runs ${running} of ${slots}${backlog}.`,
    'Nothing needs to be done.',
  );
}

function explainQueue({ jobQueue }: BatchState, now: number): Explanation {
  let [paused, delayed, ready] = [0, 0, 0];
  for (const job of jobQueue.walk(STATE_FREE)) {
    if (job.paused) paused += 1;
    else if (job.notBefore > now) delayed += 1;
    else ready += 1;
  }
  if (ready > 0) {
    const next = 'Wait a moment; a host that refused a job rests for up to a minute.';
    return explain('starting', `It has a free slot, with ${countOf(ready, 'job')} waiting.`, next);
  }
  if (paused + delayed === 0) return explain('no-work', 'No job waits.', 'Nothing needs to be done.');
  const what = `No job may start now: ${paused} paused, ${delayed} to be tried again later.`;
  return explain('no-work-now', what, paused > 0 ? '`gpool unpause` lets them go on.' : 'Wait.');
}

function explain(reason: string, what: string, next: string): Explanation {
  return { reason, what, next };
}
