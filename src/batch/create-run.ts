import type { Network } from '../network/network.js';
import type { Host } from '../spec/host.js';
import type { BatchOptions } from './batch-options.js';
import { BatchRun } from './batch-run.js';
import { joblogPaths } from './complete-views.js';
import { type Contact, createNetwork, placeOf } from './create-network.js';
import type { HeldBatch } from './held-batch.js';
import { poolHosts } from './replace-hosts.js';

/** How a batch that is held is run. */
export interface RunSettings {
  readonly contact: Contact;
  /** @default those that it has by its journal */
  readonly hosts?: readonly Host[] | undefined;
  /** @default one that reaches these hosts */
  readonly network?: Network;
  /** @default false */
  readonly detach?: boolean | undefined;
  /** What is otherwise this time than `batch.json` says. @default nothing */
  readonly options?: BatchOptions | undefined;
  /** Further places for the joblog, absolute. */
  readonly joblogs?: readonly string[];
  /** Told what went wrong in a log, which harms nothing else. */
  readonly onLogError: (error: unknown) => void;
}

/** Puts the parts of a batch together. Runs nothing yet. */
export function createRun(held: HeldBatch, settings: RunSettings): BatchRun {
  const { contact, joblogs = [], hosts = poolHosts(held), detach, onLogError } = settings;
  const { directory, file, state, store } = held;
  const { id, key, name, createdAt, specs } = file;
  const options: BatchOptions = { ...file.options, ...settings.options };
  const { network = createNetwork(hosts, options, contact, placeOf(directory, file)) } = settings;
  return new BatchRun({
    id,
    key,
    name,
    createdAt,
    specs,
    directory,
    store,
    options,
    state,
    network,
    contact,
    detach,
    joblogs: [...new Set([...joblogPaths(held), ...joblogs])],
    onLogError,
  });
}
