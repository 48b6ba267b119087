import { SpecError } from '../errors.js';
import type { Job } from '../queue/job.js';

/**
 * The ids of the jobs that these words mean, each an id, a name, or a pattern of names with `*` and `?`; an id goes before a
 * name. Throws a SpecError (E_USAGE) for a word that means no job.
 */
export function nameJobs(jobs: readonly Job[], words: readonly string[], batch: string): readonly string[] {
  return [...new Set(words.flatMap((word) => nameOne(jobs, word, batch)))];
}

function nameOne(jobs: readonly Job[], word: string, batch: string): readonly string[] {
  const byId = jobs.find(({ id }) => id === word);
  if (byId) return [byId.id];
  const exact = jobs.filter(({ spec }) => spec.name === word);
  const pattern = toPattern(word);
  const found = exact.length > 0 ? exact : jobs.filter(({ spec }) => pattern.test(spec.name));
  if (found.length > 0) return found.map(({ id }) => id);
  throw new SpecError('E_USAGE', {
    what: `no job is called "${word}"`,
    where: batch,
    next: 'Nothing was changed; `gpool status BATCH --all` lists the jobs.',
  });
}

function toPattern(word: string): RegExp {
  const escaped = word.replace(/[\\^$.+()|[\]{}]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
