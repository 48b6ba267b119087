import { writeFile } from 'node:fs/promises';

/** The middle one; the mean of the middle two of an even number. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [below = Number.NaN, at = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? at : (below + at) / 2;
}

/** 3 digits that mean something, thousands apart. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A file of the numbers from 1, one a line: the arguments of so many jobs. */
export async function writeNumbers(path: string, count: number): Promise<string> {
  await writeFile(path, Array.from({ length: count }, (_, index) => `${index + 1}\n`).join(''));
  return path;
}
