import { SpecError } from '../errors.js';

/**
 * Reads a span of time and returns seconds: `90`, `10s`, `30m`, `1.5h`, `1h 30m`, `2d`. A bare number is seconds.
 * Throws E_USAGE.
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim();
  if (BARE.test(trimmed)) return Number(trimmed);
  if (!WITH_UNITS.test(trimmed)) {
    throw new SpecError('E_USAGE', {
      what: 'is not a span of time',
      where: JSON.stringify(text),
      next: 'Write seconds or units: 90, 10s, 30m, 1h 30m, 2d.',
    });
  }
  return [...trimmed.matchAll(PART)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * secondsIn(unit),
    0,
  );
}

function secondsIn(unit: string | undefined): number {
  return unit === 'd' ? 86_400 : unit === 'h' ? 3_600 : unit === 'm' ? 60 : 1;
}

const BARE = /^\d+(\.\d+)?$/;
const WITH_UNITS = /^(\d+(\.\d+)?\s*[dhms]\s*)+$/;
const PART = /(\d+(?:\.\d+)?)\s*([dhms])/g;
