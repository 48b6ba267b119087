import { HostError, TransportError } from '../../errors.js';
import type { HostFacts } from '../../events/event.js';
import type { Host } from '../../spec/host.js';
import { resolveSlots } from '../../spec/inventory/slot-rule.js';
import type { Shell } from '../shell/shell.js';
import { type Bridge, type BridgePlace, startBridge } from './bridge.js';
import { type Helper, installHelper } from './helper-install.js';
import { hostPaths } from './host-paths.js';
import { parseProbe } from './host-probe.js';
import { Later } from './later.js';
import type { Session } from './session.js';
import { checkMounted, isMounted, type StoreStart } from './store-place.js';
import { TRUST_ADVICE } from './trust-script.js';

export interface ConnectOptions {
  readonly shell: Shell;
  readonly host: Host;
  readonly helper: Helper;
  readonly batch: string;
  /** Whether jobs run there; a management node is only asked, and gets no agent. */
  readonly runsJobs: boolean;
  /** What is known of what the host keeps. */
  readonly known: StoreStart;
  /** The batch directory's own id; null when it has none. */
  readonly key: string | null;
  /** Whose the batch is, for the host's record; null leaves that as it is. */
  readonly owner: string | null;
  readonly onLine: (line: string, offset: number) => void;
}

/** A host that can be worked with. */
export interface Connected {
  readonly session: Session;
  readonly facts: HostFacts;
  readonly slots: number;
  readonly bridge: Bridge | null;
  /** Lets event lines through; until then they are kept back. */
  readonly listen: () => void;
}

/**
 * Connects, puts the helper in place, probes, starts the bridge as soon as the probe has said what that needs to know. Its channel is opened meanwhile.
 *
 * @throws HostError when the host cannot be used; TransportError when another try may help.
 */
export async function connectHost(options: ConnectOptions): Promise<Connected> {
  await options.shell.open();
  for (let left = TRIES; ; left -= 1) {
    try {
      return await prepareHost(options);
    } catch (error) {
      if (left === 1 || !mayBeCleaned(error)) throw error;
    }
  }
}

/**
 * Whether another machine over the same home may have removed what this one was about to use: as long as no batch is there, a clean-up
 * takes directories that are empty and the helper.
 */
function mayBeCleaned(error: unknown): boolean {
  if (error instanceof HostError)
    return error.code === 'E_HELPER' || (error.code === 'E_ROOT' && error.next !== TRUST_ADVICE);
  return error instanceof TransportError && error.code === 'E_TRANSFER';
}

async function prepareHost(options: ConnectOptions): Promise<Connected> {
  const { shell, host, batch, known, key, owner, runsJobs } = options;
  const gate = new Gate(options.onLine);
  const place = new Later<BridgePlace>();
  const bridge = runsJobs
    ? startBridge(shell, { host, place: place.promise, known, key, owner, onLine: gate.take })
    : null;
  // Should the probe fail, then that is what is told.
  bridge?.catch(() => {});
  try {
    const helper = await installHelper(shell, options.helper, host, (found, cores, mount) => {
      if (!isMounted(known, mount)) return;
      const paths = hostPaths(host, found.root, batch);
      place.tell({ helper: found, paths, slots: resolveSlots(host.slots, Math.max(1, cores)) });
    });
    const facts = parseProbe(helper.probe, shell.where);
    checkMounted(known, facts, shell.where);
    return {
      session: {
        shell,
        helper,
        paths: hostPaths(host, helper.root, batch),
        hasTar: /^tar\tyes$/m.test(helper.probe),
      },
      facts,
      slots: resolveSlots(host.slots, facts.cores),
      bridge: await bridge,
      listen: () => gate.open(),
    };
  } catch (error) {
    place.fail(error);
    throw error;
  }
}

/** Keeps lines back that come in one chunk with the greeting, so that `host.ready` is told before them. */
class Gate {
  #kept: [string, number][] | null = [];

  constructor(readonly pass: (line: string, offset: number) => void) {}

  readonly take = (line: string, offset: number): void => {
    if (this.#kept) this.#kept.push([line, offset]);
    else this.pass(line, offset);
  };

  open(): void {
    const kept = this.#kept ?? [];
    this.#kept = null;
    for (const [line, offset] of kept) this.pass(line, offset);
  }
}

const TRIES = 3;
