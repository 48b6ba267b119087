import test from 'ava';
import type { GpoolEvent } from '../../src/events/event.js';
import { explainHost } from '../../src/report/explain-host.js';
import { explainJob } from '../../src/report/explain-job.js';
import type { LiveFacts } from '../../src/report/explanation.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { LOST } from '../helpers/random-history.js';
import { ended, launched, ready, STORY_TIME, started, tellStory } from '../helpers/story.js';

interface Case {
  readonly reason: string;
  readonly after: readonly GpoolEvent[];
  readonly says: RegExp;
  readonly facts?: Partial<LiveFacts>;
}

const FACTS: LiveFacts = { controlled: true, now: STORY_TIME + 60_000, maxRunning: null };
const UP = [ready('a'), ready('b')];
const RUNS = [launched('1', 'a'), started('1', 'a')];
const EXIT_3 = { kind: 'failed', code: 3 } as const;
const SUCCESS = { kind: 'succeeded' } as const;
const NOTHING = { stdoutBytes: 0, stderrBytes: 0, files: [], missing: [], skipped: [] };
const ids = { job: '1', attempt: '1.1' };
const done: GpoolEvent = { type: 'job.done', ...ids, collected: NOTHING };
const failed: GpoolEvent = { type: 'job.failed', ...ids, outcome: EXIT_3, fault: null, collected: NOTHING };
const lost: GpoolEvent = { type: 'host.lost', host: 'a', fault: LOST };
const held = (host: string): GpoolEvent => ({ type: 'host.held', host, reason: 'Ann needs it' });
const aside: GpoolEvent = { type: 'host.set-aside', host: 'a', fault: LOST, untilMs: STORY_TIME + 90_000 };
const stopping: GpoolEvent = { type: 'batch.stopping', reason: 'enough' };
const later = {
  type: 'job.requeued',
  ...ids,
  reason: EXIT_3,
  counted: true,
  notBefore: STORY_TIME + 80_000,
} as const;
const all = (type: 'job.pausing') => ['1', '2', '3', '4', '5', '6'].map((job): GpoolEvent => ({ type, job }));
const full = ['2', '3', '4', '5'].map((job, at) => launched(job, at < 2 ? 'a' : 'b'));

/** Of job 1, of six jobs on the hosts a and b with two slots each. */
const JOBS: readonly Case[] = [
  { reason: 'done', after: [...UP, ...RUNS, ended('1', 'a', SUCCESS), done], says: /done, on a/ },
  {
    reason: 'failed',
    after: [...UP, ...RUNS, ended('1', 'a', EXIT_3), failed],
    says: /after 1 attempt: exit code 3 on a/,
  },
  {
    reason: 'cancelled',
    after: [...UP, { type: 'job.cancelling', job: '1', reason: 'by hand' }],
    says: /cancelled: by hand/,
  },
  {
    reason: 'unreachable',
    after: [...UP, ...RUNS, lost],
    says: /a has it and cannot be asked: the link is gone \(E_CONN_LOST\)/,
  },
  {
    reason: 'cancelling',
    after: [...UP, ...RUNS, { type: 'job.cancelling', job: '1', reason: 'by hand' }],
    says: /ended on a: by hand/,
  },
  { reason: 'running', after: [...UP, ...RUNS], says: /runs on a since 60 s/ },
  {
    reason: 'running',
    after: [...UP, ...RUNS, { type: 'job.copied', job: '1', attempt: '1.2', host: 'b' }],
    says: /runs on a,b/,
  },
  { reason: 'halted', after: [...UP, ...RUNS, { type: 'job.pausing', job: '1' }], says: /halted on a/ },
  {
    reason: 'collecting',
    after: [...UP, ...RUNS, ended('1', 'a', SUCCESS)],
    says: /ended on a, and its results are being fetched/,
  },
  {
    reason: 'recalled',
    after: [...UP, launched('1', 'a'), { type: 'job.recalled', ...ids, host: 'a' }],
    says: /asked back/,
  },
  {
    reason: 'backlog',
    after: [...UP, ...full, launched('1', 'a')],
    says: /waits on a, which runs 2 at once and has 3/,
  },
  { reason: 'paused', after: [...UP, { type: 'job.pausing', job: '1' }], says: /is paused/ },
  {
    reason: 'ended',
    after: [...UP, { type: 'batch.ended', summary: { free: 6, busy: 0, done: 0, unknown: 0, error: 0 } }],
    says: /batch has ended/,
  },
  {
    reason: 'no-controller',
    after: [...UP, stopping],
    facts: { controlled: false },
    says: /Nobody runs the batch now\. It was stopped: enough/,
  },
  { reason: 'stopping', after: [...UP, stopping], says: /stopping: enough/ },
  {
    reason: 'capped',
    after: [...UP, launched('2', 'a')],
    facts: { maxRunning: 1 },
    says: /At most 1 job may be handed out at once, and 1 is/,
  },
  {
    reason: 'capped',
    after: [...UP, launched('2', 'a'), { type: 'batch.capped', maxRunning: 1 }],
    says: /At most 1/,
  },
  {
    reason: 'delayed',
    after: [...UP, ...RUNS, ended('1', 'a', EXIT_3), later],
    says: /had 1 attempt and is tried again in 20 s/,
  },
  {
    reason: 'no-host',
    after: [ready('a'), held('a')],
    says: /No host takes jobs now; a held: Ann needs it; b not reached yet/,
  },
  { reason: 'starting', after: UP, says: /4 of 4 slots are free, with no job before it/ },
  {
    reason: 'queued',
    after: [...UP, ...full],
    says: /All 4 slots of 2 hosts are taken or promised, with no job before it/,
  },
  {
    reason: 'queued',
    after: [...UP, ...full.slice(2), held('a')],
    says: /All 2 slots of 1 host are.*; a held: Ann needs it/,
  },
];

/** Of host a. */
const HOSTS: readonly Case[] = [
  { reason: 'left', after: [...UP, { type: 'host.drained', host: 'a' }], says: /let go of/ },
  {
    reason: 'unusable',
    after: [{ type: 'host.failed', host: 'a', fault: { ...LOST, code: 'E_AUTH' } }],
    says: /cannot be used: the link is gone \(E_AUTH\)/,
  },
  {
    reason: 'unreachable',
    after: [...UP, lost],
    says: /cannot be reached now, and is tried again by itself: the link is gone/,
  },
  { reason: 'connecting', after: [], says: /not reached yet/ },
  { reason: 'held', after: [...UP, ...RUNS, held('a')], says: /held: Ann needs it\. 1 job running there/ },
  {
    reason: 'draining',
    after: [...UP, { type: 'host.draining', host: 'a', reason: 'repairs' }],
    says: /when it is empty: repairs/,
  },
  {
    reason: 'set-aside',
    after: [...UP, aside],
    says: /set aside: the link is gone \(E_CONN_LOST\)\. One job tries it in 30 s/,
  },
  {
    reason: 'set-aside',
    after: [...UP, aside],
    facts: { now: STORY_TIME + 90_000 },
    says: /The next job tries it/,
  },
  {
    reason: 'ended',
    after: [...UP, { type: 'batch.ended', summary: { free: 6, busy: 0, done: 0, unknown: 0, error: 0 } }],
    says: /ended/,
  },
  { reason: 'no-controller', after: UP, facts: { controlled: false }, says: /Nobody runs the batch now\./ },
  { reason: 'stopping', after: [...UP, stopping], says: /stopping/ },
  { reason: 'capped', after: [...UP, launched('2', 'b')], facts: { maxRunning: 1 }, says: /At most 1/ },
  {
    reason: 'full',
    after: [...UP, ...full, launched('1', 'a'), started('2', 'a')],
    says: /runs 1 of 2, and 2 more wait there/,
  },
  { reason: 'starting', after: UP, says: /free slot, with 6 jobs waiting/ },
  {
    reason: 'starting',
    after: [...UP, { type: 'host.slowed', host: 'a', ratio: 2.5 }],
    says: /slow: its jobs take 2\.5 times as long/,
  },
  {
    reason: 'no-work-now',
    after: [...UP, ...all('job.pausing')],
    says: /6 paused, 0 to be tried again later/,
  },
  {
    reason: 'no-work',
    after: [...UP, ...full, launched('1', 'b'), launched('6', 'b'), ended('2', 'a', SUCCESS)],
    says: /No job waits/,
  },
];

for (const { reason, after, says, facts } of JOBS) {
  test(`a job: ${reason}, ${says.source}`, (t) => {
    const state = tellStory(makeSpecs(6), ['a', 'b'], after);
    const job = state.jobById.get('1');
    const answer = job && explainJob(state, job, { ...FACTS, ...facts });
    t.is(answer?.reason, reason);
    t.regex(answer?.what ?? '', says);
    checkSentences(t, answer);
  });
}

for (const { reason, after, says, facts } of HOSTS) {
  test(`a host: ${reason}, ${says.source}`, (t) => {
    const state = tellStory(makeSpecs(6), ['a', 'b'], after);
    const host = state.hostByName.get('a');
    const answer = host && explainHost(state, host, { ...FACTS, ...facts });
    t.is(answer?.reason, reason);
    t.regex(answer?.what ?? '', says);
    checkSentences(t, answer);
  });
}

function checkSentences(
  t: { regex(text: string, shape: RegExp): unknown },
  answer?: { what: string; next: string },
) {
  t.regex(answer?.what ?? '', /^\S.*\.$/);
  t.regex(answer?.next ?? '', /^[A-Z`].*\.$/);
}
