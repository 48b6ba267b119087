import { SpecError } from '../errors.js';
import type { Job } from '../queue/job.js';

/**
 * The ids of the jobs that these words mean, each `id=3`, `name=3`, or a bare word: an id, a name, or a pattern of names with `*`
 * and `?`. Throws a SpecError (E_USAGE) for a word that means no job, or one job by its number and another by its name.
 */
export function nameJobs(jobs: readonly Job[], words: readonly string[], batch: string): readonly string[] {
  return [...new Set(words.flatMap((word) => nameOne(jobs, word, batch)))];
}

function nameOne(jobs: readonly Job[], word: string, batch: string): readonly string[] {
  const found = findNamed(jobs, word, batch);
  if (found.length > 0) return found;
  throw new SpecError('E_USAGE', {
    what: `no job is called "${word}"`,
    where: batch,
    next: 'Nothing was changed; `gpool status BATCH --all` lists the jobs.',
  });
}

/** The ids of the jobs that one such word means; none where it means no job. Throws a SpecError (E_USAGE) for two meanings. */
export function findNamed(jobs: readonly Job[], word: string, batch: string): readonly string[] {
  const [, form, rest = word] = /^(id|name)=(.*)$/s.exec(word) ?? [];
  const byId = form === 'name' ? [] : jobs.filter(({ id }) => id === rest);
  const byName = form === 'id' ? [] : findByName(jobs, form === undefined ? word : rest);
  const [numbered] = byId;
  const other = numbered && byName.find(({ id }) => id !== numbered.id);
  if (numbered && other) throw refuseBoth(word, [numbered, other], batch);
  // A job may itself be called `id=3`.
  const whole = form === undefined ? [] : jobs.filter(({ spec }) => spec.name === word);
  return [...byId, ...byName, ...whole].map(({ id }) => id);
}

function findByName(jobs: readonly Job[], word: string): readonly Job[] {
  const exact = jobs.filter(({ spec }) => spec.name === word);
  if (exact.length > 0) return exact;
  const pattern = toPattern(word);
  return jobs.filter(({ spec }) => pattern.test(spec.name));
}

function refuseBoth(word: string, [numbered, other]: readonly [Job, Job], batch: string): SpecError {
  return new SpecError('E_USAGE', {
    what: `"${word}" is the number of one job (${numbered.spec.name}) and the name of another (number ${other.id})`,
    where: batch,
    next: `Nothing was done; write id=${word} for the first, name=${word} for the other.`,
  });
}

function toPattern(word: string): RegExp {
  const escaped = word.replace(/[\\^$.+()|[\]{}]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
