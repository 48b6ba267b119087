import type { BatchEnd } from '../batch/watched-batch.js';
import type { FailureGroup } from '../report/failure-group.js';
import { foldHosts } from '../spec/inventory/fold-hosts.js';
import { formatDuration } from './duration-text.js';
import { formatFault } from './error-text.js';
import type { Paint } from './paint.js';
import { cutText, toPlainLine } from './plain-text.js';

/** What `gpool run` says at the end. `directory` as a person would type it. */
export function formatSummary(end: BatchEnd, directory: string, paint: Paint): string {
  return [
    ...formatHostFaults(end, paint),
    ...formatHostNotes(end, paint),
    ...formatWarnings(end, paint),
    ...formatFailures(end, directory, paint),
    ...formatHalt(end, paint),
    formatCounts(end, paint),
    ...formatUnfinished(end, directory),
    ...formatLeft(end, directory),
    `${paint.dim('results')}  ${directory}`,
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function formatCounts({ summary, report }: BatchEnd, paint: Paint): string {
  const { done, error, free, busy, unknown } = summary.counts;
  const parts = [
    done === report.total ? paint.green(`${done} done`) : `${done} done`,
    ...(error > 0 ? [paint.red(`${error} failed`)] : []),
    ...(busy > 0 ? [paint.cyan(`${busy} with their hosts`)] : []),
    ...(unknown > 0 ? [paint.yellow(`${unknown} unknown`)] : []),
    ...(free > 0 ? [paint.yellow(`${free} not started`)] : []),
  ];
  const mark = done === report.total ? paint.green('✓') : paint.red('✗');
  const used = report.hosts.filter(({ given }) => given > 0).length;
  const where = `on ${used} ${used === 1 ? 'host' : 'hosts'}`;
  const time = formatDuration(summary.endedAt - summary.startedAt);
  return `${mark} ${report.total} ${report.total === 1 ? 'job' : 'jobs'}: ${parts.join(', ')} ${paint.dim(`${where} in ${time}`)}`;
}

function formatHalt({ summary }: BatchEnd, paint: Paint): string[] {
  if (summary.kind !== 'halted') return [];
  return [`${paint.red('✗')} ${paint.bold('stopped')}: ${toPlainLine(summary.reason ?? '')}`];
}

/** One block for each cause and host, largest first. */
function formatFailures({ report }: BatchEnd, directory: string, paint: Paint): string[] {
  const alike = mergeHosts(report.failures);
  const shown = alike.slice(0, MOST_GROUPS);
  const lines = shown.flatMap(({ cause, hosts, hint, jobs }) => {
    const first = jobs[0] ?? '';
    const many = jobs.length === 1 ? `job ${first}` : `${jobs.length} jobs (${listJobs(jobs)})`;
    const what = `${paint.red('✗')} ${paint.bold(cause)}: ${many}`;
    if (hosts.every((host) => host === '')) return [what];
    return [
      `${what} on ${nameHosts(hosts)}`,
      ...(hint === null ? [] : [`    ${paint.dim(cutText(toPlainLine(hint), 110))}`]),
      `    gpool logs ${directory} ${first}${hint === null ? '' : ' --stderr'}`,
    ];
  });
  const left = alike.length - shown.length;
  return left > 0 ? [...lines, `  … and ${left} more kinds of failure: gpool status ${directory}`] : lines;
}

function formatHostFaults({ summary }: BatchEnd, paint: Paint): string[] {
  const shown = summary.hostFaults.slice(0, MOST_GROUPS).map(({ fault }) => paint.yellow(formatFault(fault)));
  const rest = summary.hostFaults.slice(MOST_GROUPS).map(({ host }) => host);
  return rest.length > 0
    ? [...shown, `gpool: ${rest.length} more hosts cannot be used: ${foldHosts(rest)}`]
    : shown;
}

/** Hosts that did not do what was hoped for, but can be used: slow, set aside, held. */
function formatHostNotes({ summary, report }: BatchEnd, paint: Paint): string[] {
  const told = new Set(summary.hostFaults.map(({ host }) => host));
  const noted = report.hosts.filter(({ name, note }) => note !== null && !told.has(name));
  const shown = noted.slice(0, MOST_GROUPS);
  const lines = shown.map(({ name, note }) => paint.yellow(`! ${toPlainLine(`${name} ${note}`)}`));
  const left = noted.length - shown.length;
  return left > 0 ? [...lines, `  … and ${left} more hosts: gpool status`] : lines;
}

/** What no job failed for and is to be known all the same. */
function formatWarnings({ summary: { warnings } }: BatchEnd, paint: Paint): string[] {
  const lines = warnings.map(({ host, attempt, text }) =>
    paint.yellow(
      `! ${nameHosts([host])}${attempt === null ? '' : `, attempt ${attempt}`}: ${toPlainLine(text)}`,
    ),
  );
  const left = lines.length - MOST_GROUPS;
  return left > 0 ? [...lines.slice(0, MOST_GROUPS), `  … and ${left} more warnings: see log.jsonl`] : lines;
}

/** What goes on without us, and where. */
function formatUnfinished({ summary }: BatchEnd, directory: string): string[] {
  const { free, busy, unknown } = summary.counts;
  const goOn = free + busy + unknown > 0 ? [`  go on with \`gpool resume ${directory}\``] : [];
  if (summary.unfinished.length === 0) return goOn;
  const byHost = new Map<string, string[]>();
  for (const { host, job } of summary.unfinished) byHost.set(host, [...(byHost.get(host) ?? []), job]);
  const places = [...byHost]
    .slice(0, MOST_GROUPS)
    .map(([host, jobs]) => `    ${toPlainLine(host)}: ${listJobs(jobs)}`);
  const left = byHost.size - places.length;
  return [
    '  still with their hosts, which go on with them:',
    ...places,
    ...(left > 0 ? [`    … and ${left} more hosts`] : []),
    ...goOn,
    `  or end them with \`gpool cancel ${directory}\``,
  ];
}

/** What could not be written here. */
function formatLeft({ summary }: BatchEnd, directory: string): string[] {
  const left = summary.failures.filter(({ isLeft }) => isLeft).map(({ job }) => job);
  left.sort((a, b) => Number(a) - Number(b));
  if (left.length === 0) return [];
  const whose = left.length === 1 ? `job ${left[0]}` : `${left.length} jobs (${listJobs(left)})`;
  return [`  results of ${whose} are still with their hosts: \`gpool resume ${directory}\` fetches them`];
}

/** A colon means this machine, and reads badly in a sentence. */
function nameHosts(hosts: readonly string[]): string {
  return hosts.every((host) => host === ':') ? 'this machine' : toPlainLine(foldHosts(hosts));
}

interface AlikeFailures {
  readonly cause: string;
  readonly hint: string | null;
  readonly hosts: readonly string[];
  readonly jobs: readonly string[];
}

/** The same trouble on several hosts is told once, with the hosts. */
function mergeHosts(groups: readonly FailureGroup[]): AlikeFailures[] {
  const merged = new Map<string, AlikeFailures>();
  for (const { cause, hint, host, jobs } of groups) {
    const key = JSON.stringify([cause, hint]);
    const { hosts: others, jobs: before } = merged.get(key) ?? { hosts: [], jobs: [] };
    merged.set(key, { cause, hint, hosts: [...others, host], jobs: [...before, ...jobs] });
  }
  return [...merged.values()].sort((a, b) => b.jobs.length - a.jobs.length);
}

function listJobs(jobs: readonly string[]): string {
  const shown = jobs.slice(0, 8).join(', ');
  return jobs.length > 8 ? `${shown}, …` : shown;
}

const MOST_GROUPS = 8;
