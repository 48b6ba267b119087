import { GpoolError, HostError } from '../../errors.js';
import type { Random } from '../../random.js';

/** How long a lost host is left alone before the next try. */
export interface ReconnectPolicy {
  /** Before the second try; doubles each time. Milliseconds. @default 1000 */
  readonly firstMs: number;
  /** Never longer than this. Milliseconds. @default 20000: results are here within half a minute of a heal */
  readonly mostMs: number;
}

export const defaultReconnectPolicy: ReconnectPolicy = { firstMs: 1000, mostMs: 20_000 };

/**
 * The wait before try `n` (from 1) after a loss for this reason, between half and the whole of 1, 2, 4 … 20 s: hosts do not
 * return in step. A host that was given up is tried again after half a minute. A server that shuts us out for a while is left alone for half a minute at a time: each try may count against us.
 */
export function backoffMs(n: number, reason: Error | null, random: Random, policy: ReconnectPolicy): number {
  if (reason instanceof GpoolError && reason.code === 'E_PENALTY') return PENALTY_MS;
  if (reason instanceof HostError) return GIVEN_UP_MS;
  const whole = Math.min(policy.mostMs, policy.firstMs * 2 ** Math.min(n - 1, 30));
  return whole * (0.5 + random() / 2);
}

/** Two of them are a little more than the minute that sshd shuts people out for. */
const PENALTY_MS = 31_000;
/** A host that could not be used is no part of the pool meanwhile. */
const GIVEN_UP_MS = 30_000;
