import type { JobFate, PlannedJob } from '../batch/plan-update.js';
import { describeStanding, type RerunJob } from '../batch/rerun-batch.js';
import { formatDuration } from './duration-text.js';
import { toPlainLine } from './plain-text.js';

/** `12 unchanged, 3 changed (inputs: sim), 2 new, 1 failed before, 1 removed`. */
export function summarizeUpdate(planned: readonly PlannedJob[]): string {
  const parts = FATES.map((fate) => {
    const jobs = planned.filter((job) => job.fate === fate);
    const why = [...new Set(jobs.flatMap(({ changes }) => changes))];
    const shown = why.length > MOST_REASONS ? `${why.slice(0, MOST_REASONS).join('; ')}; …` : why.join('; ');
    return jobs.length === 0
      ? ''
      : `${jobs.length} ${WORDS[fate]}${shown === '' ? '' : ` (${toPlainLine(shown)})`}`;
  });
  return parts.filter((part) => part !== '').join(', ');
}

/** A line for each job that is not just unchanged: id, name, what becomes of it and why. */
export function listUpdate(planned: readonly PlannedJob[]): readonly string[] {
  return planned.flatMap((job) => (job.fate === 'unchanged' ? [] : [describePlanned(job)]));
}

/** A line for each job that would be run again, in that order: id, name, how it stood, how long it ran before. */
export function listRerun(jobs: readonly RerunJob[]): readonly string[] {
  return jobs.map(({ id, name, why, runMs }) =>
    [id, name, why, runMs === null ? 'run time unknown' : `ran ${formatDuration(runMs)}`]
      .map(toPlainLine)
      .join('\t'),
  );
}

function describePlanned({ id, spec, fate, changes, job }: PlannedJob): string {
  const standing = fate === 'failed' || fate === 'unfinished' ? job && describeStanding(job) : null;
  const why = fate === 'changed' ? `changed (${changes.join('; ')})` : (standing ?? WORDS[fate]);
  return [id, spec.name, why].map(toPlainLine).join('\t');
}

const FATES: readonly JobFate[] = ['unchanged', 'unfinished', 'changed', 'new', 'failed', 'removed'];
const WORDS: Readonly<Record<JobFate, string>> = {
  unchanged: 'unchanged',
  unfinished: 'not finished',
  changed: 'changed',
  new: 'new',
  failed: 'failed before',
  removed: 'removed',
};
const MOST_REASONS = 5;
