import { setTimeout as sleep } from 'node:timers/promises';
import { HostError } from '../../../errors.js';
import type { SshOptions } from '../ssh-options.js';
import { collectOffers } from './auth-offers.js';
import { DroppedBeforeLogin } from './connect-error.js';
import type { Connection } from './connection.js';
import { Deadline } from './deadline.js';
import { createHostKeyCheck } from './host-key-check.js';
import { type LoginRequest, login } from './login.js';
import { loginRamp } from './login-ramp.js';
import { deskFor } from './prompt-desk.js';
import { parseHop, resolveTarget } from './ssh-config.js';
import type { SshTarget } from './ssh-target.js';
import { openStream } from './stream-to-host.js';

/**
 * Connects and logs in, through jump hosts where the configuration names them, each with its own host key check. A login that was
 * refused is not tried again with the same options object: servers shut out whoever keeps trying.
 *
 * @throws HostError or TransportError; E_KEY, E_KNOWN_HOSTS and E_SSH_CONFIG before any byte is sent.
 */
export async function connect(target: SshTarget, options: SshOptions, depth = 0): Promise<Connection> {
  const refusals = refusalsOf(options);
  const refusal = refusals.get(target.where);
  if (refusal) throw refusal;
  try {
    return await connectOnce(target, options, depth);
  } catch (error) {
    if (error instanceof HostError && error.code === 'E_AUTH') refusals.set(target.where, error);
    throw error;
  }
}

async function connectOnce(target: SshTarget, options: SshOptions, depth: number): Promise<Connection> {
  const desk = target.silent ? undefined : deskFor(options.prompt);
  const offers = await collectOffers(target, desk);
  const hostKey = createHostKeyCheck(target, options.hostKeyPolicy ?? 'accept-new');
  const jump = await connectJumps(target, options, depth);
  const limitMs = options.connectTimeoutMs ?? target.connectTimeoutMs ?? 20_000;
  const request = {
    target,
    hostKey,
    offers,
    desk,
    keepaliveMs: options.keepaliveMs ?? target.keepaliveMs ?? 15_000,
    keepaliveCount: options.keepaliveCount ?? target.keepaliveCount ?? 3,
    debug: options.debug,
    release: () => jump?.destroy(),
  };
  try {
    return await loginRamp.run(`${target.hostName}:${target.port}`, () => tryLogin(request, jump, limitMs));
  } catch (error) {
    jump?.destroy();
    throw error;
  }
}

/** Tries again only after a server dropped us before any login, within the one deadline; that it did says more than that time ran out. */
async function tryLogin(
  request: Omit<LoginRequest, 'deadline'>,
  jump: Connection | null,
  limitMs: number,
): Promise<Connection> {
  const { target } = request;
  const deadline = new Deadline(limitMs, target.where);
  let dropped: DroppedBeforeLogin | null = null;
  try {
    for (let tries = 0; ; tries++) {
      try {
        return await login(await openStream(target, jump, deadline), { ...request, deadline });
      } catch (error) {
        if (!(error instanceof DroppedBeforeLogin)) throw deadline.leftMs > 0 ? error : (dropped ?? error);
        dropped = error;
        const pauseMs = Math.min(2000, 100 * 2 ** tries) * (0.5 + Math.random());
        if (deadline.leftMs < pauseMs) throw error;
        await sleep(pauseMs);
      }
    }
  } finally {
    deadline.clear();
  }
}

/** Each hop through the one before it; the first hop's own configuration may name a jump host again. */
async function connectJumps(
  target: SshTarget,
  options: SshOptions,
  depth: number,
): Promise<Connection | null> {
  if (target.proxy.kind !== 'jump') return null;
  const { where, proxy } = target;
  if (depth >= MAX_JUMPS)
    throw new HostError('E_SSH_CONFIG', { what: 'its ProxyJump leads in a circle', where });
  const hops = proxy.hops;
  const last = hops.at(-1) ?? '';
  const resolved = await resolveTarget(parseHop(last), options);
  const before = hops.slice(0, -1);
  const hop =
    before.length === 0 ? resolved : { ...resolved, proxy: { kind: 'jump', hops: before } as const };
  return connect(hop, options, depth + 1);
}

function refusalsOf(options: SshOptions): Map<string, HostError> {
  const held = refusedLogins.get(options) ?? new Map<string, HostError>();
  refusedLogins.set(options, held);
  return held;
}

const refusedLogins = new WeakMap<SshOptions, Map<string, HostError>>();
const MAX_JUMPS = 8;
