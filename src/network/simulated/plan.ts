import type { GpoolError } from '../../errors.js';
import type { Outcome } from '../../events/outcome.js';
import type { Attempt } from '../network.js';

/** What a simulated attempt does. Nothing set: it takes a second and succeeds. */
export interface AttemptPlan {
  /** Milliseconds on a host of speed 1; `Infinity` hangs until it is killed. @default 1000 */
  readonly durationMs?: number;
  /** @default { kind: 'succeeded' } */
  readonly outcome?: Outcome;
  /** False: the host accepts it and tells no start, only its outcome. @default true */
  readonly starts?: boolean;
  /** The host says no: `launchJob` rejects with this and the attempt is not accepted. */
  readonly refusal?: GpoolError;
  /** The answer gets lost: `launchJob` rejects with this although the host has accepted the attempt. */
  readonly lostAnswer?: GpoolError;
  /** The host runs it, but its events never come: only `getJobStatus` tells. */
  readonly silent?: boolean;
  readonly stdout?: string;
  readonly stderr?: string;
  /** Returned files by path. @default every pattern of the spec that is a plain name, empty */
  readonly files?: Readonly<Record<string, string>>;
}

/** Decides what an attempt does; the same for the same attempt. */
export type Plan = (attempt: Attempt) => AttemptPlan;

/** A time in which a host cannot be asked. Milliseconds from `open`. */
export interface Outage {
  readonly atMs: number;
  /** @default for ever */
  readonly forMs?: number;
  /** Whether it loses power: what runs then is lost, what waits goes on afterwards. @default false */
  readonly reboots?: boolean;
}

/** A machine of a simulated pool. */
export interface SimulatedHost {
  readonly name: string;
  /** @default 1 */
  readonly slots?: number;
  /** 0.5 takes twice as long. @default 1 */
  readonly speed?: number;
  readonly outages?: readonly Outage[];
  /** It can never be used; a HostError fails it for good, a TransportError is an outage without end. */
  readonly fault?: GpoolError;
}

/** Fails with `code` the first `times` times, then succeeds. */
export function failTimes(times: number, code = 1): Plan {
  return ({ n }) => ({ outcome: n <= times ? { kind: 'failed', code } : { kind: 'succeeded' } });
}
