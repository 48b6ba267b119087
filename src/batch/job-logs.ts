import { StateError } from '../errors.js';
import { createAttempt } from '../manager/attempt.js';
import { contextOf } from '../manager/context-of.js';
import type { Network } from '../network/network.js';
import { type AttemptRecord, type Job, tellingAttempt } from '../queue/job.js';
import type { BatchOptions } from './batch-options.js';
import { type Contact, createNetwork } from './create-network.js';
import { findBatch } from './find-batch.js';
import { findForeignOwner } from './foreign-batch.js';
import { type LoadedBatch, loadBatch } from './load-batch.js';
import { findNamed } from './name-jobs.js';
import { readOutputFile } from './output-file.js';
import { everyHost } from './replace-hosts.js';

export interface LogRequest extends Contact {
  readonly batch: string;
  /** A job's id or name, as `findNamed` takes it. */
  readonly job: string;
  readonly stream: 'stdout' | 'stderr';
  /** Goes on until the job has ended. */
  readonly follow: boolean;
  readonly cwd: string;
  /** Resolves after a while; between two looks at a job that runs. */
  readonly pause: () => Promise<void>;
}

/**
 * What a job wrote: from the batch directory when it was fetched, from its host when it was not, because it runs or because
 * nobody was there to fetch it. Throws StateErrors, and what connecting may throw.
 */
export async function* readJobLog(request: LogRequest): AsyncGenerator<Buffer> {
  const loaded = await loadBatch(await findBatch(request.batch, request.cwd));
  const owner = await findForeignOwner(loaded.directory);
  const job = findJob(loaded, request.job);
  const attempt = tellingAttempt(job);
  if (!attempt) {
    const next = 'Look again when `gpool status` shows it running.';
    throw new StateError('E_JOB_NOT_FOUND', {
      what: 'the job has not been started yet',
      where: `job ${job.id}`,
      next,
    });
  }
  if (attempt.collected) yield* readOutputFile(directoryOf(loaded, job, attempt), request.stream);
  else if (owner !== null) throw notOurs(owner, job);
  else yield* readLive(loaded, job, attempt, request);
}

/** How a host is reached is written in the batch, and may be any command. */
function notOurs(owner: string, job: Job): StateError {
  const what = `its output is still with its host, and this batch is not yours: ${owner}`;
  return new StateError('E_BATCH_OWNER', { what, where: `job ${job.id}` });
}

/** From the host; and what is missing then from the batch directory: its controller may fetch it and clean up meanwhile. */
async function* readLive(
  loaded: LoadedBatch,
  job: Job,
  attempt: AttemptRecord,
  request: LogRequest,
): AsyncGenerator<Buffer> {
  let shown = 0;
  let fault: { readonly error: unknown } | null = null;
  try {
    for await (const piece of readFromHost(loaded, job, attempt, request)) {
      shown += piece.length;
      yield piece;
    }
  } catch (error) {
    fault = { error };
  }
  const { state } = await loadBatch(loaded.directory);
  const now = state.jobById.get(job.id)?.attempts.find(({ id }) => id === attempt.id);
  const isHere = now?.collected || (now?.settled && !fault);
  if (isHere) yield* readOutputFile(directoryOf(loaded, job, attempt), request.stream, shown);
  else if (fault) throw fault.error;
}

function findJob({ state, file }: LoadedBatch, wanted: string): Job {
  const [id, ...others] = new Set(findNamed(state.jobs, wanted, file.name));
  const found = id === undefined ? undefined : state.jobById.get(id);
  if (found && others.length === 0) return found;
  const where = `${file.name}, job ${wanted}`;
  if (!found) throw new StateError('E_JOB_NOT_FOUND', { what: `no job is called "${wanted}"`, where });
  throw new StateError('E_JOB_NOT_FOUND', {
    what: `"${wanted}" means ${others.length + 1} jobs`,
    where,
    next: `Name one, e.g. ${id}.`,
  });
}

function directoryOf({ directory }: LoadedBatch, job: Job, { n }: AttemptRecord): string {
  return directory.attemptDirectory(job.id, n);
}

async function* readFromHost(
  loaded: LoadedBatch,
  job: Job,
  record: AttemptRecord,
  request: LogRequest,
): AsyncGenerator<Buffer> {
  const { file } = loaded;
  const hosts = everyHost(loaded).filter(({ name }) => name === record.host);
  const options: BatchOptions = file.options;
  const network = createNetwork(hosts, options, request);
  const fault = hearFault(network);
  try {
    await network.open(contextOf(loaded.state, file.id, file.key));
    fault.check();
    yield* readPieces(network, createAttempt(file.id, job, record), request);
  } finally {
    await network.close();
  }
}

async function* readPieces(
  network: Network,
  attempt: ReturnType<typeof createAttempt>,
  { stream, follow, pause }: LogRequest,
): AsyncGenerator<Buffer> {
  let from = 0;
  for (;;) {
    // Asked before the piece is read: what is written after the last look would be missed otherwise.
    const status = (await network.getJobStatus([attempt])).get(attempt.id)?.state;
    const piece = await readPiece(network, attempt, stream, from);
    from += piece.length;
    if (piece.length > 0) yield piece;
    else if (!follow || (status !== 'busy' && status !== 'free')) return;
    else await pause();
  }
}

function readPiece(
  network: Network,
  attempt: ReturnType<typeof createAttempt>,
  stream: LogRequest['stream'],
  from: number,
) {
  return stream === 'stdout' ? network.getStdout(attempt, { from }) : network.getStderr(attempt, { from });
}

/** A host that cannot be used says so by an event, not by a rejection. */
function hearFault(network: Network): { check(): void } {
  let fault: StateError | null = null;
  network.subscribe((event) => {
    if (event.type !== 'host.failed' && event.type !== 'host.lost') return;
    const { code, what, where, next } = event.fault;
    fault = new StateError(code, { what, where, next });
  });
  return {
    check() {
      if (fault) throw fault;
    },
  };
}
