import { formatNumber, median } from './numbers.js';
import type { Result, Row, Verdict } from './take-turns.js';

/** One measurement as text: a line for each contestant, then one for each goal. */
export function formatResult({ goal, name, what, rows, verdicts }: Result): string {
  const cells = rows.map(rowCells);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, at) =>
        at === 1 || at === 2 || at === 3 ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return [
    `${goal} ${name}: ${what}`,
    ...lines.map((line) => `  ${line}`),
    ...verdicts.map(formatVerdict),
    '',
  ].join('\n');
}

function rowCells({ name, kind, unit, samples, missing }: Row): string[] {
  const label = kind === 'ours' ? name : `${name} (${kind})`;
  if (samples.length === 0) return [label, '-', '', '', `left out: ${missing ?? 'not run'}`];
  const note = missing === undefined ? '' : `, then: ${missing}`;
  const range = [Math.min(...samples), Math.max(...samples)].map(formatNumber) as [string, string];
  return [label, formatNumber(median(samples)), range[0], range[1], `${unit}${note}`];
}

function formatVerdict({ ours, against, least, most, ratio, met }: Verdict): string {
  const wanted = least === undefined ? `≤ ${most}` : `≥ ${least}`;
  const word = met === null ? 'unknown' : met ? 'met' : 'NOT MET';
  const rival = typeof against === 'number' ? formatNumber(against) : against;
  return `  → ${word}: ${ours} / ${rival} = ${ratio === null ? '-' : formatNumber(ratio)} (goal ${wanted})`;
}
