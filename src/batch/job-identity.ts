import { createHash } from 'node:crypto';
import type { JobSpec } from '../spec/job-spec.js';
import type { InputDigests } from './input-digests.js';

/** A job as it was, or is to be, run: what it is told and what its inputs hold. */
export interface RunnableJob {
  readonly spec: JobSpec;
  readonly inputs: InputDigests;
}

/**
 * The digest of what decides a job's result: its commands, values and number of replica, environment, input files (content
 * and place) and returns. Its name, its place in the batch and its limits are no part of it.
 */
export function identifyJob(job: RunnableJob): string {
  return createHash('sha256')
    .update(JSON.stringify(partsOf(job)))
    .digest('hex');
}

/** What differs between two versions of a job, for people: `commands`, `inputs: sim, data`. Empty when they are the same. */
export function describeChanges(before: RunnableJob, after: RunnableJob): string[] {
  const [was, is] = [partsOf(before), partsOf(after)];
  const differs = (key: 'commands' | 'values' | 'environment' | 'returns'): boolean =>
    JSON.stringify(was[key]) !== JSON.stringify(is[key]);
  const plain = (['commands', 'values', 'environment', 'returns'] as const).filter(differs);
  const inputs = changedKeys(new Map(was.inputs), new Map(is.inputs));
  return inputs.length === 0 ? plain : [...plain, `inputs: ${inputs.join(', ')}`];
}

function partsOf({ spec, inputs }: RunnableJob) {
  return {
    commands: spec.commands,
    values: [spec.repeat, sortEntries(spec.values)],
    environment: sortEntries(spec.env),
    inputs: sortEntries(
      Object.fromEntries(spec.files.map(({ source, target }) => [target, inputs[source] ?? UNREAD])),
    ),
    returns: spec.returns.map(({ pattern, optional }) => [pattern, optional]),
  };
}

function sortEntries<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

function changedKeys(was: ReadonlyMap<string, string>, is: ReadonlyMap<string, string>): string[] {
  return [...new Set([...was.keys(), ...is.keys()])].filter((key) => was.get(key) !== is.get(key));
}

const UNREAD = 'unread';
