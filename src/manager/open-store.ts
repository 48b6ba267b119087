import { randomBytes } from 'node:crypto';
import { type BatchDirectory, createBatchDirectory } from '../journal/batch-directory.js';
import { createBatchKey, writeBatchFile } from '../journal/batch-file.js';
import { type BatchStore, memoryStore, openBatchStore } from '../journal/batch-store.js';
import { type Host, hostId } from '../spec/host.js';
import type { JobSpec } from '../spec/job-spec.js';
import { readVersion } from '../version.js';
import type { ManagerSettings } from './manager-options.js';

/** Where a batch is kept, and its id. */
export interface OpenStore {
  readonly store: BatchStore;
  readonly batch: string;
  /** The batch directory's own id; a batch of an earlier release has none. */
  readonly key?: string;
}

/** The caller's store, or memory, or a new batch directory. Throws a StateError (E_BATCH_EXISTS). */
export async function openStore(
  settings: ManagerSettings,
  specs: readonly JobSpec[],
  hosts: readonly Host[],
): Promise<OpenStore> {
  const { store, out, clock, state } = settings;
  const batch = settings.state?.batch || settings.batchId || createBatchId(settings);
  const known = settings.batchKey === undefined ? {} : { key: settings.batchKey };
  if (store) return { store, batch, ...known };
  const key = settings.batchKey ?? createBatchKey();
  if (out === false) return { store: memoryStore({ clock }), batch, ...(state ? known : { key }) };
  const directory = await makeDirectory(settings, out);
  const { name } = settings;
  await writeBatchFile(directory, {
    id: batch,
    key,
    name,
    createdAt: new Date(clock.now()).toISOString(),
    versions: { gpool: readVersion(), node: process.version },
    hosts,
    options: describeOptions(settings),
    specs,
  });
  return { store: await openBatchStore(directory, { clock, batch }), batch, key };
}

/** As the command line keeps them, so that it can go on with the batch: with the first try counted, without what is unlimited. */
function describeOptions(settings: ManagerSettings) {
  const { placement, retries, retryDelaySecs, retryOn, neverRetry, halt } = settings;
  const { copies, lostAfterSecs, waitLostSecs, maxRunning, sleepTimeInSecs } = settings;
  return {
    ...{ placement, retries: retries + 1, retryDelaySecs, copies, sleepTimeInSecs },
    ...(retryOn && { retryOn }),
    ...(neverRetry && { neverRetry }),
    ...(halt !== undefined && { halt }),
    ...(Number.isFinite(maxRunning) && { maxRunning }),
    ...(Number.isFinite(lostAfterSecs) && { lostAfterSecs }),
    ...(Number.isFinite(waitLostSecs) && { waitLostSecs }),
  };
}

function makeDirectory({ name, clock }: ManagerSettings, out: string | undefined): Promise<BatchDirectory> {
  return createBatchDirectory({ name, now: clock.now(), ...(out === undefined ? {} : { out }) });
}

/** The name is for people who look at the host; the rest makes it unique. */
function createBatchId({ name, clock }: ManagerSettings): string {
  const at = new Date(clock.now())
    .toISOString()
    .replace(/[-:]|\..*/g, '')
    .replace('T', '-');
  return hostId(`${at}-${name.slice(0, 40)}-${randomBytes(4).toString('hex')}`);
}
