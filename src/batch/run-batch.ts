import { randomBytes } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { type BatchDirectory, createBatchDirectory } from '../journal/batch-directory.js';
import { type BatchFile, createBatchKey, writeBatchFile } from '../journal/batch-file.js';
import { openBatchStore } from '../journal/batch-store.js';
import { createBatchState } from '../queue/batch-state.js';
import { type Host, hostId } from '../spec/host.js';
import type { JobSpec } from '../spec/job-spec.js';
import { validateSpecs } from '../spec/validate-specs.js';
import { readVersion } from '../version.js';
import type { BatchOptions } from './batch-options.js';
import type { BatchRun } from './batch-run.js';
import { checkDescriptors } from './check-descriptors.js';
import { checkMemory } from './check-memory.js';
import { type Contact, createNetwork, placeOf } from './create-network.js';
import { createRun } from './create-run.js';
import type { HeldBatch } from './held-batch.js';
import { digestInputs, type InputDigests, type LeftOut } from './input-digests.js';
import { findStreams, keepStreams } from './keep-streams.js';

/** A batch to be run. */
export interface BatchRequest extends Contact {
  /** For people, and part of the directory's name. */
  readonly name: string;
  readonly specs: readonly JobSpec[];
  /** Ids that the jobs skip, because others of the same list were run before. @default none */
  readonly removed?: readonly string[] | undefined;
  /** Ids of the jobs in the order in which they are started. @default that of the specs */
  readonly startOrder?: readonly string[] | undefined;
  readonly hosts: readonly Host[];
  readonly options: BatchOptions;
  /** The batch directory; must not exist or be empty. @default `batches/<date>-<time>-<name>` */
  readonly out?: string | undefined;
  /** Whether the hosts are given all that they will take, to go on by themselves. @default false */
  readonly detach?: boolean | undefined;
  /** Where a second copy of the joblog goes. */
  readonly joblog?: string | undefined;
  /** What relative paths start from. */
  readonly cwd: string;
  /** What relative paths of inputs start from, absolute. @default cwd */
  readonly inputsFrom?: string | undefined;
  /** Hears what of the inputs is not sent: special files, batches and gpool's own directory inside them. */
  readonly onLeftOut?: ((paths: readonly LeftOut[]) => void) | undefined;
  /** Told what went wrong in a log, which harms nothing else. */
  readonly onLogError: (error: unknown) => void;
}

/**
 * Checks the input files, makes the batch directory and puts the parts of a batch together. Logging in to the hosts begins
 * meanwhile; nothing is asked of them before `BatchRun.start`. Throws a SpecError or StateError, and then no batch was made.
 */
export async function runBatch(request: BatchRequest): Promise<BatchRun> {
  const { name, hosts, cwd, out, options, detach, onLogError } = request;
  const inputsFrom = request.inputsFrom ?? resolve(cwd);
  await checkDescriptors(hosts, options);
  checkMemory(request.specs.length);
  await validateSpecs(request.specs, { cwd: inputsFrom });
  const create = () =>
    createBatchDirectory({ name, now: Date.now(), cwd, ...(out !== undefined && { out }) });
  const streams = await findStreams(request.specs, inputsFrom);
  const early = streams.length > 0 ? await create() : null;
  const specs = early
    ? await keepStreams(request.specs, streams, { cwd: inputsFrom, directory: early.path })
    : request.specs;
  const inputs = await digestInputs(specs, inputsFrom, request.onLeftOut);
  const directory = early ?? (await create());
  const file = describeBatch(directory, { ...request, specs, inputsFrom }, inputs);
  const network = createNetwork(hosts, options, request, placeOf(directory, file));
  network.connect();
  try {
    const held = await beginBatch(directory, file);
    return createRun(held, { contact: request, network, joblogs: joblogsOf(request), detach, onLogError });
  } catch (error) {
    await network.close();
    throw error;
  }
}

async function beginBatch(directory: BatchDirectory, file: BatchFile): Promise<HeldBatch> {
  await writeBatchFile(directory, file);
  const store = await openBatchStore(directory, { batch: file.id });
  const names = file.hosts.map((host) => host.name);
  return { directory, file, store, state: createBatchState(file.specs, names, file) };
}

/** Where else the joblog goes. */
export function joblogsOf({ joblog, cwd }: BatchRequest): readonly string[] {
  return joblog === undefined ? [] : [resolve(cwd, joblog)];
}

function describeBatch(directory: BatchDirectory, request: BatchRequest, inputs: InputDigests): BatchFile {
  const { name, specs, hosts, options, removed = [], startOrder = [], inputsFrom = '' } = request;
  const [joblog] = joblogsOf(request);
  return {
    schema: 1,
    id: hostId(`${basename(directory.path)}-${randomBytes(4).toString('hex')}`),
    key: createBatchKey(),
    name,
    createdAt: new Date().toISOString(),
    versions: { gpool: readVersion(), node: process.version },
    hosts,
    options: { ...options },
    ...(removed.length > 0 && { removed }),
    ...(startOrder.length > 0 && { startOrder }),
    cwd: inputsFrom,
    ...(Object.keys(inputs).length > 0 && { inputs }),
    ...(joblog !== undefined && { joblog }),
    specs,
  };
}
