import { SpecError } from '../errors.js';
import type { BatchState } from '../queue/batch-state.js';
import { explainHost } from '../report/explain-host.js';
import { explainJob } from '../report/explain-job.js';
import type { Explanation, LiveFacts } from '../report/explanation.js';
import { nameJobs } from './name-jobs.js';

/** An explanation and what it is of. `schema` grows only when something is taken away. */
export type Answer = Explanation & { readonly schema: 1; readonly name: string } & (
    | { readonly kind: 'job'; readonly job: string }
    | { readonly kind: 'host' }
  );

/**
 * Why a job waits, or why a host idles; a job that has a host's name is meant by its number. `where` names the batch.
 * Throws a SpecError (E_USAGE) for a word that is neither, or means several jobs.
 */
export function explainWord(state: BatchState, word: string, where: string, facts: LiveFacts): Answer {
  const host = state.hostByName.get(word);
  if (host) return { schema: 1, kind: 'host', name: word, ...explainHost(state, host, facts) };
  const [id = '', ...others] = nameJobs(state.jobs, [word], where);
  const job = state.jobById.get(id);
  if (!job || others.length > 0) {
    const what = `"${word}" means ${others.length + 1} jobs`;
    throw new SpecError('E_USAGE', { what, where: 'gpool why', next: `Name one, e.g. ${id}.` });
  }
  return { schema: 1, kind: 'job', job: id, name: job.spec.name, ...explainJob(state, job, facts) };
}
