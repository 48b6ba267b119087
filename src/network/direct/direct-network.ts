import PQueue from 'p-queue';
import { type Clock, systemClock } from '../../clock.js';
import { HostError, JobError, SpecError, StateError, TransportError } from '../../errors.js';
import { EventBus } from '../../events/bus.js';
import type { Collected, NetworkEvent } from '../../events/event.js';
import type { Random } from '../../random.js';
import type { Host } from '../../spec/host.js';
import type {
  Attempt,
  AttemptStatus,
  BatchContext,
  CloseOptions,
  EndedAttempt,
  Network,
  NetworkListener,
  OutputRange,
} from '../network.js';
import type { Shell } from '../shell/shell.js';
import { askHosts } from './ask-hosts.js';
import { defaultReconnectPolicy, type ReconnectPolicy } from './backoff.js';
import { DirectHost } from './direct-host.js';
import { runRequest, simpleRequest } from './gjob-requests.js';
import type { Helper } from './helper-install.js';
import type { HostLinkOptions } from './host-link.js';
import { formatOwner } from './owner-line.js';
import { packagedHelper } from './packaged-helper.js';
import { InputStore } from './staging/input-store.js';
import type { InputTree } from './staging/layout.js';

export interface DirectNetworkOptions {
  /** The machines that run jobs; names are unique. */
  readonly hosts: readonly Host[];
  /** Machines that are only asked, on behalf of the hosts whose `managedBy` names them. @default none */
  readonly managers?: readonly Host[];
  /** A new, unopened Shell; called again for each reconnection. */
  readonly openShell: (host: Host) => Shell;
  /** What local input paths are relative to. @default the working directory */
  readonly cwd?: string;
  /** What the inputs are to hold, by their source; one that holds something else fails its job. @default whatever they hold */
  readonly inputDigests?: Readonly<Record<string, string>>;
  /** The batch's directory here, by which `gpool gc` can tell on the hosts what is over. @default not told */
  readonly batchDirectory?: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly reconnect?: ReconnectPolicy;
  /** @default the one that comes with this package */
  readonly helper?: Helper;
}

/** Bare hosts, each with the helper `gjob` behind a Shell. */
export class DirectNetwork implements Network {
  readonly #options: DirectNetworkOptions;
  readonly #hosts = new Map<string, DirectHost>();
  readonly #managers = new Map<string, DirectHost>();
  readonly #inputs: InputStore;
  /** What a listener throws is its own fault, not the host's: it surfaces as an uncaught error. */
  readonly #bus = new EventBus<NetworkEvent>((error) =>
    queueMicrotask(() => {
      throw error;
    }),
  );
  readonly #transfers = new PQueue({ concurrency: 8 });
  /** Makes a host of an open pool; null before `open`. */
  #create: ((host: Host, options: LinkStart) => DirectHost) | null = null;
  /** Shells that began to log in before their host's link wants one, by the host's name. */
  readonly #early = new Map<string, Shell>();
  /** Hosts that are being let go of. */
  readonly #leaving = new Map<string, Promise<void>>();

  constructor(options: DirectNetworkOptions) {
    this.#options = options;
    this.#inputs = new InputStore(options.cwd ?? process.cwd(), options.inputDigests);
  }

  getHosts(): readonly Host[] {
    return this.#create ? [...this.#hosts.values()].map(({ link }) => link.host) : this.#options.hosts;
  }

  /** Begins to log in to every host, while there is something else to be done before `open`. What fails is told by `open`. */
  connect(): void {
    const { hosts, managers = [], openShell } = this.#options;
    for (const host of [...hosts, ...managers]) {
      const shell = openShell(host);
      this.#early.set(host.name, shell);
      shell.open().catch(() => {});
    }
  }

  async open(context: BatchContext): Promise<void> {
    if (this.#hosts.size > 0) {
      throw new StateError('E_INTERNAL', { what: 'the network is open already', where: context.batch });
    }
    const { hosts, managers = [] } = this.#options;
    const shared = this.#linkOptions(context);
    this.#create = (host, own) => new DirectHost(host, { ...shared, ...own }, this.#transfers);
    for (const host of hosts) {
      const { name } = host;
      const start = {
        offset: context.offsets?.[name] ?? 0,
        id: context.stores?.[name] ?? null,
        mount: context.mounts?.[name] ?? null,
      };
      this.#hosts.set(name, this.#create(host, { runsJobs: true, start }));
    }
    for (const host of managers)
      this.#managers.set(host.name, this.#create(host, { ...ANEW, runsJobs: false }));
    const all = [...this.#hosts.values(), ...this.#managers.values()];
    await Promise.all(all.map(({ link }) => link.open()));
  }

  async addHost(host: Host): Promise<void> {
    const known = this.#hosts.get(host.name);
    if (known) return known.link.resize(host.slots);
    // It begins anew when nothing is left of the first time.
    await this.#leaving.get(host.name);
    if (!this.#create)
      throw new StateError('E_INTERNAL', { what: 'the network is not open', where: host.name });
    const added = this.#create(host, ANEW);
    this.#hosts.set(host.name, added);
    await added.link.open();
  }

  removeHost(name: string, { cleanup = false }: { readonly cleanup?: boolean } = {}): Promise<void> {
    const host = this.#hosts.get(name);
    if (!host) return Promise.resolve();
    this.#hosts.delete(name);
    const leaving = this.#letGo(host, cleanup).finally(() => this.#leaving.delete(name));
    this.#leaving.set(name, leaving);
    return leaving;
  }

  subscribe(listener: NetworkListener): () => void {
    return this.#bus.subscribe(listener);
  }

  async launchJob(attempt: Attempt): Promise<void> {
    const host = this.#host(attempt);
    const { session } = host.link;
    const tree = await this.#plantInputs(host, attempt);
    // With another connection the host may have another store, where it must not start.
    if (host.link.session !== session) throw new TransportError('E_CONN_LOST', RECONNECTED(attempt.host));
    await host.link.send(runRequest(attempt, tree));
  }

  async getJobStatus(attempts: readonly Attempt[]): Promise<ReadonlyMap<string, AttemptStatus>> {
    const hostOf = (attempt: Attempt) => this.#host(attempt);
    const known = await askHosts(attempts, { hostOf, answersFor: (host) => this.#askedFor(host) });
    return new Map(attempts.map(({ id }) => [id, known.get(id) ?? UNKNOWN]));
  }

  getStdout(attempt: Attempt, range?: OutputRange): Promise<Buffer> {
    return this.#host(attempt).readOutput(attempt.id, 'log', range);
  }

  getStderr(attempt: Attempt, range?: OutputRange): Promise<Buffer> {
    return this.#host(attempt).readOutput(attempt.id, 'err', range);
  }

  async collectJob(attempt: Attempt, directory: string): Promise<Collected> {
    const collected = await this.#host(attempt).collect(attempt, directory);
    const { files } = attempt.spec;
    const notSent =
      files.length === 0
        ? []
        : await this.#inputs.treeOf(files).then(
            ({ skipped }) => skipped,
            () => [],
          );
    return { ...collected, skipped: [...notSent, ...collected.skipped] };
  }

  async killJob(attempt: Attempt): Promise<void> {
    await this.#host(attempt).link.send(simpleRequest('kill', attempt));
  }

  async recallJob(attempt: Attempt): Promise<void> {
    await this.#host(attempt).link.send(simpleRequest('recall', attempt));
  }

  async pauseJob(attempt: Attempt): Promise<void> {
    await this.#host(attempt).link.send(simpleRequest('pause', attempt));
  }

  async unpauseJob(attempt: Attempt): Promise<void> {
    await this.#host(attempt).link.send(simpleRequest('unpause', attempt));
  }

  clearJob({ id, host, spec }: EndedAttempt): void {
    this.#hosts.get(host)?.clear(id, spec);
  }

  async deleteJob(attempt: Attempt): Promise<void> {
    await this.#host(attempt).deleteAttempt(attempt.id);
  }

  async close({ cleanup = false, keep = NONE }: CloseOptions = {}): Promise<void> {
    const hosts = [...this.#hosts.values()];
    const cleaned = cleanup ? hosts.filter(({ link }) => !keep.has(link.host.name)) : [];
    this.#create = null;
    await Promise.all(cleaned.map((host) => host.cleanUp()));
    await Promise.all([...hosts, ...this.#managers.values()].map((host) => host.link.close()));
    await Promise.all([
      ...this.#leaving.values(),
      ...[...this.#early.values()].map((shell) => shell.close()),
    ]);
  }

  /** Never rejects: what cannot be cleaned up now, `gpool gc` finds later. */
  async #letGo(host: DirectHost, cleanup: boolean): Promise<void> {
    if (cleanup) await host.cleanUp().catch(() => {});
    await host.link.close();
  }

  #linkOptions({ batch, key }: BatchContext) {
    const { clock = systemClock, random = Math.random } = this.#options;
    const openShell = (host: Host) => this.#takeEarly(host) ?? this.#options.openShell(host);
    const { reconnect = defaultReconnectPolicy } = this.#options;
    const helper = () => this.#options.helper ?? packagedHelper();
    const emit = (event: NetworkEvent) => this.#bus.emit(event);
    const { batchDirectory } = this.#options;
    const owner = batchDirectory === undefined ? null : formatOwner(batchDirectory);
    return { openShell, helper, batch, key: key ?? null, owner, clock, random, reconnect, emit };
  }

  #takeEarly({ name }: Host): Shell | undefined {
    const shell = this.#early.get(name);
    this.#early.delete(name);
    return shell;
  }

  #host({ host, id }: Attempt): DirectHost {
    const found = this.#hosts.get(host);
    if (found) return found;
    throw new HostError('E_HOST_UNKNOWN', {
      what: `the host is not in this pool (or the pool is not open), for attempt ${id}`,
      where: host,
    });
  }

  #askedFor(host: DirectHost): DirectHost {
    return this.#managers.get(host.link.host.managedBy ?? '') ?? host;
  }

  /** A file that changed under us is looked at once more; the attempt's inputs are then the new ones. */
  async #plantInputs(host: DirectHost, { spec }: Attempt): Promise<string | null> {
    for (let again = false; spec.files.length > 0; again = true) {
      try {
        const tree = await this.#inputs.treeOf(spec.files);
        return await plantTree(host, tree);
      } catch (error) {
        this.#inputs.forget(spec.files);
        if (again || !(error instanceof JobError && error.code === 'E_INPUT_CHANGED'))
          throw asJobError(error);
      }
    }
    return null;
  }
}

async function plantTree(host: DirectHost, tree: InputTree): Promise<string | null> {
  if (tree.layout === '') return null;
  await host.cache.plant(tree);
  return tree.name;
}

/** What is wrong with a spec's files now is this job's fault alone. */
function asJobError(error: unknown): unknown {
  if (!(error instanceof SpecError)) return error;
  const { code, what, where, next, cause } = error;
  return new JobError(code, { what, where, next, cause });
}

type LinkStart = Pick<HostLinkOptions, 'runsJobs' | 'start'>;

const ANEW: LinkStart = { runsJobs: true, start: { offset: 0, id: null, mount: null } };
const NONE: ReadonlySet<string> = new Set();
const RECONNECTED = (where: string) => ({ what: 'the connection was lost while inputs were sent', where });
const UNKNOWN: AttemptStatus = { state: 'unknown' };
