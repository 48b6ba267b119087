import { SpecError } from '../errors.js';

/** Reads an option's whole number. Throws E_USAGE naming the option and the range. */
export function parseWhole(
  option: string,
  text: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  throw new SpecError('E_USAGE', {
    what: `${JSON.stringify(text)} is no whole number ${range}`,
    where: option,
    next: `Give ${option} a whole number ${range}.`,
  });
}
