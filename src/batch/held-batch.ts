import type { BatchDirectory } from '../journal/batch-directory.js';
import { readBatchFile } from '../journal/batch-file.js';
import { type BatchStore, openBatchStore } from '../journal/batch-store.js';
import type { Host } from '../spec/host.js';
import { BatchRun } from './batch-run.js';
import { type Contact, createNetwork } from './create-network.js';
import { type LoadedBatch, loadBatch } from './load-batch.js';
import { poolHosts } from './replace-hosts.js';

/** A batch that nobody else runs or changes meanwhile: until its store is closed. */
export interface HeldBatch extends LoadedBatch {
  readonly store: BatchStore;
}

/** How a batch that is held is run. */
export interface RunSettings {
  readonly contact: Contact;
  /** @default those that it has by its journal */
  readonly hosts?: readonly Host[] | undefined;
  /** Further places for the joblog, absolute. */
  readonly joblogs?: readonly string[];
  /** Told what went wrong in a log, which harms nothing else. */
  readonly onLogError: (error: unknown) => void;
}

/** Takes hold of a batch that exists. Throws a StateError: it cannot be read, or another process has it (E_BATCH_HELD). */
export async function holdBatch(directory: BatchDirectory): Promise<HeldBatch> {
  const { id } = await readBatchFile(directory);
  // Held before the journal is read, so that nobody adds to it afterwards.
  const store = await openBatchStore(directory, { batch: id });
  return letGoOnError(store, async () => ({ ...(await loadBatch(directory)), store }));
}

/** Runs `act`; when it throws, the batch is let go. */
export async function letGoOnError<T>(store: BatchStore, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Puts the parts of a batch together. Connects to nothing yet. */
export function createRun(held: HeldBatch, settings: RunSettings): BatchRun {
  const { contact, joblogs = [], hosts = poolHosts(held), onLogError } = settings;
  const { directory, file, state, store } = held;
  const { id, name, specs, options } = file;
  return new BatchRun({
    id,
    name,
    specs,
    directory,
    store,
    options,
    state,
    network: createNetwork(hosts, options, contact),
    contact,
    joblogs: [directory.joblogFile, ...joblogs],
    onLogError,
  });
}
