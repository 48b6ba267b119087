import { median } from '../numbers.js';
import type { Row } from '../take-turns.js';
import { drawLines, type Series } from './line-plot.js';
import type { Report } from './report-file.js';
import { drawTimelines } from './timeline-plot.js';

/** The pictures of a report by their file names, without what it does not hold. */
export function drawPlots(report: Report): ReadonlyMap<string, string> {
  const plots = new Map<string, string | null>([
    ['throughput-by-hosts.svg', drawThroughput(report)],
    ['cost-by-jobs.svg', drawCost(report)],
    ['makespan.svg', drawMakespan(report)],
  ]);
  return new Map([...plots].filter((plot): plot is [string, string] => plot[1] !== null));
}

function drawThroughput(report: Report): string | null {
  const [single, many] = [rowsOf(report, 'throughput'), rowsOf(report, 'many-hosts')];
  const ours = many.flatMap((row) => {
    const hosts = /^gpool, (\d+) hosts?$/.exec(row.name)?.[1];
    return hosts === undefined ? [] : pointOf(Number(hosts), row);
  });
  const peers = many.filter(({ kind }) => kind === 'peer');
  return drawLines({
    title: 'Short jobs a second, by hosts (all of them one machine)',
    xLabel: 'hosts',
    yLabel: 'jobs a second',
    series: present([
      { name: 'gpool', points: ours },
      ...peers.map((row): Series => {
        const alone = single.find(({ name }) => name === row.name);
        return { name: row.name, points: [...(alone ? pointOf(1, alone) : []), ...pointOf(4, row)] };
      }),
    ]),
  });
}

function drawCost(report: Report): string | null {
  const cost = (name: string, pattern: RegExp) =>
    rowsOf(report, name).flatMap((row) => {
      const jobs = pattern.exec(row.name)?.[1]?.replaceAll(',', '');
      return jobs === undefined ? [] : pointOf(Number(jobs), row, (rate) => 1e6 / rate);
    });
  return drawLines({
    title: 'Cost of a job, by the number of jobs',
    xLabel: 'jobs in the batch',
    yLabel: 'microseconds a job',
    series: present([
      { name: 'a short job on one real host', points: cost('long-batch', /^gpool, ([\d,]+) jobs$/) },
      { name: 'Manager and Queue alone', points: cost('manager', /^([\d,]+) jobs$/) },
    ]),
  });
}

function drawMakespan(report: Report): string | null {
  const rows = rowsOf(report, 'makespan');
  return drawTimelines(
    'Jobs of 0.2 to 2 s on 4 hosts of 2 slots',
    rows.flatMap(({ name, timeline = [] }) => (timeline.length > 0 ? [{ name, spans: timeline }] : [])),
  );
}

function rowsOf({ results }: Report, wanted: string): readonly Row[] {
  return results.find(({ name }) => name === wanted)?.rows ?? [];
}

function pointOf(x: number, { samples }: Row, convert = (value: number) => value): [number, number][] {
  return samples.length === 0 ? [] : [[x, convert(median(samples))]];
}

function present(series: readonly Series[]): readonly Series[] {
  return series.filter(({ points }) => points.length > 0);
}
