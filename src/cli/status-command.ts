import type { Command } from 'commander';
import type { BatchOverview } from '../batch/batch-overview.js';
import type { BatchStatus, JobStatus } from '../batch/batch-status.js';
import { findBatch, findOwnBatch } from '../batch/find-batch.js';
import type { LoadedBatch } from '../batch/load-batch.js';
import { readOverview, readStatus } from '../batch/read-status.js';
import { addCommonOptions, type CommonOptions } from './common-options.js';
import { formatDuration } from './duration-text.js';
import { createPaint, type Paint, wantsColor } from './paint.js';
import { toPlainLine } from './plain-text.js';
import { salvage } from './salvage.js';
import { sayOwner } from './say-owner.js';
import { describePlace } from './show-batch.js';
import { formatTable } from './table.js';

interface StatusOptions extends CommonOptions {
  readonly json: boolean;
  readonly all: boolean;
  readonly salvage: boolean;
}

/** `gpool status`: how a batch stands, from its journal. */
export function addStatusCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('status')
    .summary('show how a batch stands')
    .argument('[batch]', 'a batch directory, its name under ./batches, or latest (default: latest)')
    .option('--json', 'one JSON value', false)
    .option('--salvage', 'first save what is unharmed of a damaged journal', false)
    .option('--all', 'list the jobs that are done too', false)
    .addHelpText('before', EXAMPLES);
  addCommonOptions(command).action(async (batch: string | undefined, options: StatusOptions) => {
    finish(await showStatus(batch, options));
  });
}

/** What `gpool` alone does. */
export function showNewest(): Promise<number> {
  return showStatus(undefined, { json: false, all: false, salvage: false, color: 'auto', debug: false });
}

async function showStatus(batch: string | undefined, options: StatusOptions): Promise<number> {
  const cwd = process.cwd();
  const directory = await (options.salvage ? findOwnBatch : findBatch)(batch, cwd);
  if (options.salvage) await salvage(directory, cwd);
  await sayOwner(directory);
  process.stdout.write(await describeStatus(directory, cwd, options));
  return 0;
}

async function describeStatus(
  directory: LoadedBatch['directory'],
  cwd: string,
  options: StatusOptions,
): Promise<string> {
  if (options.json) return `${JSON.stringify(await readStatus(directory))}\n`;
  const paint = createPaint(wantsColor(options.color, process.env, process.stdout.isTTY === true));
  const overview = options.all
    ? listAll(await readStatus(directory))
    : await readOverview(directory, MOST_JOBS);
  return formatStatus(overview, describePlace(overview, cwd), paint);
}

function listAll(status: BatchStatus): BatchOverview {
  const { jobs } = status;
  // All are shown: none is left to be told of.
  return { ...status, open: jobs.length, toFetch: jobs.filter(isToFetch).length };
}

function formatStatus(status: BatchOverview, place: string, paint: Paint): string {
  const { name, counts, total, wallMs, hosts, jobs: shown, open, toFetch } = status;
  const numbers = { ...counts, busy: counts.busy - toFetch };
  const parts = STATES_SHOWN.filter((state) => numbers[state] > 0).map(
    (state) => `${numbers[state]} ${WORDS[state]}`,
  );
  if (toFetch > 0) parts.push(`${toFetch} ${TO_FETCH}`);
  const hostRows = hosts.map((host) => [
    toPlainLine(host.name),
    host.state,
    `${host.done} done`,
    host.failed > 0 ? `${host.failed} failed` : '',
    host.meanMs === null ? '' : `${formatDuration(host.meanMs)} each`,
    paint.yellow(toPlainLine(host.note ?? '')),
  ]);
  const left = open - shown.length;
  return [
    `${paint.bold(toPlainLine(name))}  ${place}`,
    `${total} jobs: ${parts.join(', ')}; ${describePhase(status)} ${formatDuration(wallMs)}`,
    '',
    formatTable(hostRows),
    ...(shown.length > 0 ? ['', formatTable(shown.map((job) => describeJob(job, paint)))] : []),
    ...(left > 0 ? [`… and ${left} more; --all lists every job`] : []),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function describePhase({ ended, stopping }: BatchStatus): string {
  if (ended) return 'ended after';
  return stopping === null ? 'last news after' : `stopped (${toPlainLine(stopping)}) after`;
}

function describeJob(job: JobStatus, paint: Paint): string[] {
  const { id, name, host, cause, wallMs } = job;
  const word = nameState(job, paint);
  const time = wallMs === null ? '' : formatDuration(wallMs);
  return [id, toPlainLine(name), word, toPlainLine(host ?? ''), time, toPlainLine(cause ?? '')];
}

function nameState(job: JobStatus, paint: Paint): string {
  if (job.state === 'error') return paint.red('failed');
  if (isToFetch(job)) return TO_FETCH;
  return job.wish ?? WORDS[job.state];
}

/** It has ended on its host, and its results are not here yet. */
function isToFetch({ state, outcome }: JobStatus): boolean {
  return state === 'busy' && outcome !== null;
}

const TO_FETCH = 'to be fetched';
const WORDS = {
  free: 'waiting',
  busy: 'running',
  done: 'done',
  unknown: 'unknown',
  error: 'failed',
} as const;
const STATES_SHOWN = ['done', 'error', 'busy', 'unknown', 'free'] as const;
const MOST_JOBS = 30;

const EXAMPLES = `Examples:
  gpool status                    the newest batch
  gpool status latest --all       every job of it
  gpool status runs/a --json      as one JSON value, for programs

`;
