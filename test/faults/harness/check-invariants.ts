import { isDeepStrictEqual } from 'node:util';
import { loadBatch } from '../../../src/batch/load-batch.js';
import { BatchDirectory } from '../../../src/journal/batch-directory.js';
import type { BatchState } from '../../../src/queue/batch-state.js';
import { checkFiles } from './check-files.js';
import { type HostWitness, parseTestimony, type Testimony } from './evidence.js';
import { type AttemptHistory, type History, readHistory } from './history.js';
import { type Violation, violation } from './violation.js';

export interface Expectation {
  /** Whether every job must have come to its end, and to a good one. @default true */
  readonly complete?: boolean;
  /** Hosts on which writing may have failed: there a job may fail. @default none */
  readonly full?: readonly string[];
  /** Hosts whose attempts were given up on a person's word while they were out of reach: they may have run. @default none */
  readonly givenUp?: readonly string[];
}

/**
 * Judges a batch of `testifyingJob`s by its journal, its results and what the jobs themselves wrote down on their hosts: I1 to
 * I5. Connects to nothing. An empty list is good.
 */
export async function checkInvariants(
  batchDirectory: string,
  witnesses: readonly HostWitness[],
  expected: Expectation = {},
): Promise<Violation[]> {
  const { complete = true } = expected;
  const history = await readHistory(batchDirectory);
  const heard = gather(history, witnesses);
  const replayed = await checkReplay(batchDirectory);
  const attempts = [...history.attempts.values()];
  return [
    ...history.faults.map((what) => violation(what.includes('launched') ? 'I3' : 'I4', what)),
    ...replayed,
    ...checkResults(history, expected),
    ...heard.strangers,
    ...attempts.flatMap((attempt) => checkRuns(attempt, heard.of(attempt.id))),
    ...attempts.flatMap((attempt) => checkEnd(attempt, heard.of(attempt.id), witnesses, expected)),
    ...(await checkFiles(batchDirectory, attempts, { heard: (id) => heard.of(id), complete })),
  ];
}

interface Heard {
  of(attempt: string): readonly Testimony[];
  readonly strangers: readonly Violation[];
}

function gather(history: History, witnesses: readonly HostWitness[]): Heard {
  const byAttempt = new Map<string, Testimony[]>();
  const strangers: Violation[] = [];
  for (const { host, lines } of witnesses) {
    const told = lines.map(parseTestimony).filter((line) => line?.run === history.batch);
    for (const line of told) {
      if (!line) continue;
      const attempt = history.attempts.get(line.attempt);
      if (attempt?.host !== host || line.host !== host)
        strangers.push(violation('I3', `${line.attempt} ran on ${host}, unknown to the journal`));
      byAttempt.set(line.attempt, [...(byAttempt.get(line.attempt) ?? []), line]);
    }
  }
  return { of: (attempt) => byAttempt.get(attempt) ?? [], strangers };
}

/** I4: the journal tells the same story each time, and its states agree with the plain lines. */
async function checkReplay(path: string): Promise<Violation[]> {
  try {
    const directory = new BatchDirectory(path);
    const [first, second] = [await loadBatch(directory), await loadBatch(directory)];
    const same = isDeepStrictEqual(snapshot(first.state), snapshot(second.state));
    return same ? [] : [violation('I4', 'two replays of the journal differ')];
  } catch (error) {
    return [violation('I4', `the journal does not load: ${String(error)}`)];
  }
}

function snapshot({ jobs, hosts, offsets, seq }: BatchState) {
  return {
    seq,
    offsets,
    jobs: jobs.map(({ id, state, host, attempts }) => ({ id, state, host, attempts })),
    hosts: hosts.map(({ name, state, handed, running }) => ({ name, state, handed, running })),
  };
}

/** I1: one accepted result for each job, or an explicit word that there is none. */
function checkResults(history: History, { complete = true, full = [] }: Expectation): Violation[] {
  const violations: Violation[] = [];
  const byJob = new Map<string, AttemptHistory[]>();
  for (const attempt of history.attempts.values())
    byJob.set(attempt.job, [...(byJob.get(attempt.job) ?? []), attempt]);
  for (let job = 1; job <= history.jobs; job++) {
    const attempts = byJob.get(String(job)) ?? [];
    const accepted = attempts.flatMap(({ settled }) => settled).filter((word) => word === 'done').length;
    const gaveUp = attempts.filter(({ settled }) => settled.includes('failed'));
    if (accepted + gaveUp.length > 1)
      violations.push(violation('I1', `job ${job} has ${accepted + gaveUp.length} results`));
    if (complete && accepted + gaveUp.length === 0)
      violations.push(violation('I1', `job ${job} is lost: it has no result`));
    for (const { id, host, reason } of gaveUp) {
      if (!full.includes(host)) violations.push(violation('I1', `${id} on ${host} failed: ${reason}`));
    }
  }
  return violations;
}

/** I3: an attempt runs at most once, and one that was taken back never. */
function checkRuns({ id, ends }: AttemptHistory, heard: readonly Testimony[]): Violation[] {
  const starts = heard.filter(({ kind }) => kind === 'start').length;
  const most = ends.includes('recalled') ? 0 : 1;
  return starts > most ? [violation('I3', `${id} ran ${starts} times, ${most} at most`)] : [];
}

/** I2: what was accepted is what the worker knows, and what the worker finished is not called lost. */
function checkEnd(
  attempt: AttemptHistory,
  heard: readonly Testimony[],
  witnesses: readonly HostWitness[],
  { full = [], givenUp = [] }: Expectation,
): Violation[] {
  const { id, host, settled, reason } = attempt;
  const harmed = [...full, ...givenUp];
  const ends = heard.filter(({ kind }) => kind === 'end');
  if (settled.includes('done')) {
    const finished = heard.length - ends.length === 1 && ends.length === 1;
    if (finished) return [];
    return [violation('I2', `${id} was accepted, but ${host} tells of ${heard.length} lines`)];
  }
  if (!settled.includes('requeued')) return [];
  const boot = witnesses.find((witness) => witness.host === host)?.bootId;
  const stale = heard.some((line) => line.boot !== boot);
  if (ends.length > 0 && !stale && !harmed.includes(host))
    return [violation('I3', `${id} finished on ${host}, yet it was tried again: ${reason}`)];
  if (heard.length > 0 && !stale && !harmed.includes(host))
    return [violation('I2', `${id} began on ${host} and was given up: ${reason}`)];
  return [];
}
