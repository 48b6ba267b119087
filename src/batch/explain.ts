import { systemClock } from '../clock.js';
import { SpecError } from '../errors.js';
import type { BatchDirectory } from '../journal/batch-directory.js';
import { explainHost } from '../report/explain-host.js';
import { explainJob } from '../report/explain-job.js';
import type { Explanation } from '../report/explanation.js';
import { connectTo } from './control-socket.js';
import { loadBatch } from './load-batch.js';
import { nameJobs } from './name-jobs.js';

/** An explanation and what it is of. `schema` grows only when something is taken away. */
export type Answer = Explanation & { readonly schema: 1; readonly name: string } & (
    | { readonly kind: 'job'; readonly job: string }
    | { readonly kind: 'host' }
  );

/**
 * Why a job waits, or why a host idles; a job that has a host's name is meant by its number. Reads the journal, and looks
 * whether a controller runs the batch. Throws a SpecError (E_USAGE) for what is neither.
 */
export async function explain(directory: BatchDirectory, word: string): Promise<Answer> {
  const { file, state } = await loadBatch(directory);
  const { maxRunning } = file.options;
  const facts = {
    controlled: await isControlled(directory),
    now: systemClock.now(),
    maxRunning: typeof maxRunning === 'number' ? maxRunning : null,
  };
  const host = state.hostByName.get(word);
  if (host) return { schema: 1, kind: 'host', name: word, ...explainHost(state, host, facts) };
  const [id = '', ...others] = nameJobs(state.jobs, [word], directory.path);
  const job = state.jobById.get(id);
  if (!job || others.length > 0) {
    const what = `"${word}" means ${others.length + 1} jobs`;
    throw new SpecError('E_USAGE', { what, where: 'gpool why', next: `Name one, e.g. ${id}.` });
  }
  return { schema: 1, kind: 'job', job: id, name: job.spec.name, ...explainJob(state, job, facts) };
}

async function isControlled({ path }: BatchDirectory): Promise<boolean> {
  const socket = await connectTo(path);
  socket?.destroy();
  return socket !== null;
}
