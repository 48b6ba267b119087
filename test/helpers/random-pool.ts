import { HostError, TransportError } from '../../src/errors.js';
import type { Attempt } from '../../src/network/network.js';
import type { AttemptPlan, SimulatedHost } from '../../src/network/simulated/plan.js';
import { type Random, seededRandom } from '../../src/random.js';

/** An attempt's fate depends on its id and host alone, so that asking twice tells the same. */
export function fateOf(seed: number) {
  return ({ id, host }: Attempt): AttemptPlan => {
    const random = seededRandom(
      seed + [...`${id}/${host}`].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7),
    );
    const durationMs = random() * 3000;
    const luck = random();
    if (luck < 0.05) return { refusal: new HostError('E_REMOTE_DISK', { what: 'full', where: host }) };
    if (luck < 0.1)
      return { durationMs, lostAnswer: new TransportError('E_DEADLINE', { what: 'late', where: host }) };
    if (luck < 0.15) return { durationMs, silent: true };
    if (luck < 0.3) return { durationMs, outcome: { kind: 'failed', code: 1 + Math.floor(random() * 255) } };
    if (luck < 0.35) return { durationMs, outcome: { kind: 'killed', signal: 9 } };
    if (luck < 0.4) return { durationMs, outcome: { kind: 'timed-out' } };
    return { durationMs, ...(random() < 0.3 ? { stdout: 'text\n' } : {}) };
  };
}

/** A host that may be slow, have several slots, be away at times and lose its power. */
export function randomHost(name: string, random: Random): SimulatedHost {
  const outages = Array.from({ length: Math.floor(random() * 3) }, () => ({
    atMs: random() * 20_000,
    forMs: 1 + random() * 10_000,
    reboots: random() < 0.3,
  }));
  return { name, slots: 1 + Math.floor(random() * 4), speed: 0.5 + random(), outages };
}
