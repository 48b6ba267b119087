import { seededRandom } from '../src/random.js';
import type { Lab } from './lab.js';
import { scaled } from './measurement.js';

export const NAP_HOSTS = 4;
export const NAP_SLOTS = 2;
export const NAP_JOBS = 64;

/** The same list every time: 0.2 to 2 s. */
export function listNaps(lab: Lab): readonly number[] {
  const random = seededRandom(6);
  return Array.from({ length: scaled(lab, NAP_JOBS) }, () => Number((0.2 + 1.8 * random()).toFixed(2)));
}

/** `2/h1` and so on. */
export function listNapHosts(lab: Lab): readonly string[] {
  return lab.hosts.names.slice(0, NAP_HOSTS).map((name) => `${NAP_SLOTS}/${name}`);
}
