import { formatNumber, median } from '../numbers.js';
import type { Row, Verdict } from '../take-turns.js';
import type { MeasuredResult, Report } from './report-file.js';

/** The goals as a Markdown table: one line for each, with the medians. */
export function formatGoalTable(report: Report): string {
  const { cpu, cores, memoryMb, kernel, versions, measuredAt, results } = report;
  const machine = `${cores} cores of ${cpu}, ${Math.round(memoryMb / 1024)} GiB, Linux ${kernel}, Node ${versions.node}`;
  const lines = results.flatMap((result) => result.verdicts.map((verdict) => formatGoal(result, verdict)));
  return [
    `Measured on ${measuredAt.slice(0, 10)}: ${machine}.`,
    '',
    '| goal | what | ours | beside | ratio | goal | met |',
    '|---|---|---:|---:|---:|---:|---|',
    ...lines,
    '',
  ].join('\n');
}

function formatGoal({ goal, name, rows }: MeasuredResult, verdict: Verdict): string {
  const { ours, against, least, most, ratio, met } = verdict;
  const own = rows.find((row) => row.name === ours);
  const rival = rows.find((row) => row.name === against);
  const beside =
    typeof against === 'number'
      ? `${formatNumber(against)} wanted`
      : `${against}: ${rival ? formatMedian(rival) : '-'}`;
  const cells = [
    goal,
    `\`${name}\`: ${ours}`,
    own ? formatMedian(own) : '-',
    beside,
    ratio === null ? '-' : formatNumber(ratio),
    least === undefined ? `≤ ${round(most)}` : `≥ ${round(least)}`,
    met === null ? `not measured${rival?.missing ? ` (${rival.missing})` : ''}` : met ? 'yes' : '**no**',
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function formatMedian({ samples, unit }: Row): string {
  return samples.length === 0 ? '-' : `${formatNumber(median(samples))} ${unit}`;
}

function round(value = Number.NaN): string {
  return String(Number(value.toFixed(2)));
}
