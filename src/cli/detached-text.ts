import type { BatchEnd } from '../batch/watched-batch.js';
import { formatFault } from './error-text.js';
import { toPlainLine } from './plain-text.js';

/** Whether everything that the hosts would take was handed over, and nobody waits for it. */
export function isDetached({ summary }: BatchEnd): boolean {
  return summary.kind === 'stopped' && summary.reason === 'detached';
}

/** What `gpool run --detach` says: which host has how many jobs, and how to come back to them. */
export function formatDetached({ summary }: BatchEnd, place: string): string {
  const { unfinished, hostFaults, counts } = summary;
  const byHost = new Map<string, number>();
  for (const { host } of unfinished) byHost.set(host, (byHost.get(host) ?? 0) + 1);
  const shown = [...byHost]
    .slice(0, MOST_HOSTS)
    .map(([host, jobs]) => `    ${host === ':' ? 'this machine' : toPlainLine(host)}: ${jobs}`);
  const left = byHost.size - shown.length;
  const ended = counts.done + counts.error;
  return [
    ...hostFaults.slice(0, MOST_HOSTS).map(({ fault }) => formatFault(fault)),
    `gpool: ${countJobs(unfinished.length)} with their hosts, which go on by themselves:`,
    ...shown,
    ...(left > 0 ? [`    … and ${left} more hosts`] : []),
    ...(ended > 0 ? [`  ${countJobs(ended)} through already`] : []),
    ...(counts.free > 0
      ? [`  ${countJobs(counts.free)} not taken by any host: these wait until you come back`]
      : []),
    `  come back with \`gpool attach ${place}\`, end them with \`gpool cancel ${place}\``,
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function countJobs(count: number): string {
  return `${count} ${count === 1 ? 'job is' : 'jobs are'}`;
}

const MOST_HOSTS = 20;
