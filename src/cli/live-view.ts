import type { BatchProgress, HostProgress } from '../batch/batch-progress.js';
import { foldHosts } from '../spec/inventory/fold-hosts.js';
import { formatDuration } from './duration-text.js';
import type { Paint } from './paint.js';
import { cutText, toPlainLine } from './plain-text.js';

/** The lines of the live view: a bar, the counts, the hosts in columns, the last failure. Pure. */
export function renderLiveView(progress: BatchProgress, width: number, paint: Paint): string[] {
  const { lastFailure, stopping } = progress;
  return [
    renderBar(progress, width, paint),
    renderCounts(progress, paint),
    ...renderHosts(progress.hosts, width, paint),
    ...renderNotes(progress.hosts, width, paint),
    ...(lastFailure === null ? [] : [paint.red(`  ✗ ${cutText(toPlainLine(lastFailure), width - 6)}`)]),
    ...(stopping === null ? [] : [paint.yellow(`  stopping: ${toPlainLine(stopping)}`)]),
  ];
}

/** One line for where there is no terminal. */
export function renderProgressLine(progress: BatchProgress): string {
  const { counts, total, running, waiting, paused } = progress;
  const unknown = counts.unknown > 0 ? `, ${counts.unknown} unknown` : '';
  const numbers = `${counts.done} done, ${counts.error} failed, ${running} running, ${waiting} waiting${unknown}${paused > 0 ? `, ${paused} paused` : ''}`;
  // Where nothing runs, the hosts say why.
  const notes = running === 0 && waiting > 0 ? listNotes(progress.hosts).slice(0, MAX_NOTES) : [];
  const line = `gpool: ${counts.done + counts.error} of ${total}: ${numbers}, ${formatTimes(progress)}`;
  return [line, ...notes].join('; ');
}

function renderBar({ counts, total, name }: BatchProgress, width: number, paint: Paint): string {
  const title = cutText(toPlainLine(name), 24);
  const ended = counts.done + counts.error;
  const percent = `${total === 0 ? 100 : Math.floor((100 * ended) / total)}%`.padStart(4);
  const room = Math.max(8, Math.min(50, width - title.length - percent.length - 6));
  const cells = (part: number): number => (total === 0 ? 0 : Math.floor((room * part) / total));
  const [done, failed] = [
    cells(counts.done),
    Math.min(room, Math.ceil((room * counts.error) / (total || 1))),
  ];
  const busy = Math.min(room - done - failed, Math.max(0, cells(ended + counts.busy) - done - failed));
  const rest = Math.max(0, room - done - failed - busy);
  const bar = [
    paint.green('━'.repeat(done)),
    paint.red('━'.repeat(failed)),
    paint.cyan('╸'.repeat(Math.max(0, busy))),
    paint.dim('─'.repeat(rest)),
  ];
  return `${paint.bold(title)} ${bar.join('')} ${paint.bold(percent)}`;
}

function renderCounts(progress: BatchProgress, paint: Paint): string {
  const { counts, running, waiting, paused } = progress;
  const parts = [
    paint.green(`${counts.done} done`),
    counts.error > 0 ? paint.red(`${counts.error} failed`) : paint.dim('0 failed'),
    paint.cyan(`${running} running`),
    `${waiting} waiting`,
    ...(paused > 0 ? [paint.yellow(`${paused} paused`)] : []),
    ...(counts.unknown > 0 ? [paint.yellow(`${counts.unknown} unknown`)] : []),
  ];
  return `  ${parts.join(paint.dim(' · '))}${paint.dim(` · ${formatTimes(progress)}`)}`;
}

function formatTimes({ elapsedMs, etaMs }: BatchProgress): string {
  const eta = etaMs === null ? '' : `, about ${formatDuration(etaMs)} left`;
  return `${formatDuration(elapsedMs)}${eta}`;
}

/** Hosts side by side, as many columns as fit, at most eight rows; the busiest and the troubled ones come first. */
function renderHosts(hosts: readonly HostProgress[], width: number, paint: Paint): string[] {
  const names = hosts.map(({ name }) => [...toPlainLine(name)].length);
  const nameWidth = Math.min(24, Math.max(4, ...names));
  const cellWidth = nameWidth + 22;
  const columns = Math.max(1, Math.floor((width - 2) / cellWidth));
  const ranked = [...hosts].sort((a, b) => Number(hasTrouble(b)) - Number(hasTrouble(a)));
  const shown = ranked.slice(0, columns * MAX_ROWS);
  const rows: string[] = [];
  for (let at = 0; at < shown.length; at += columns) {
    const row = shown.slice(at, at + columns).map((host) => renderHost(host, nameWidth, cellWidth, paint));
    rows.push(`  ${row.join('')}`.trimEnd());
  }
  const left = hosts.length - shown.length;
  return left > 0 ? [...rows, paint.dim(`  … and ${left} more hosts`)] : rows;
}

/** Why hosts get nothing, or are the last to get something. */
function renderNotes(hosts: readonly HostProgress[], width: number, paint: Paint): string[] {
  const lines = listNotes(hosts);
  const shown = lines.slice(0, MAX_NOTES).map((line) => paint.yellow(`  ! ${cutText(line, width - 6)}`));
  const left = lines.length - shown.length;
  return left > 0 ? [...shown, paint.dim(`  … and ${left} more notes: gpool status`)] : shown;
}

/** What many hosts have in common is said once. */
function listNotes(hosts: readonly HostProgress[]): string[] {
  const byNote = new Map<string, string[]>();
  for (const { name, note } of hosts)
    if (note !== null) byNote.set(note, [...(byNote.get(note) ?? []), name]);
  return [...byNote].map(([note, names]) => `${toPlainLine(foldHosts(names))} ${toPlainLine(note)}`);
}

function renderHost(host: HostProgress, nameWidth: number, cellWidth: number, paint: Paint): string {
  const name = cutText(toPlainLine(host.name), nameWidth).padEnd(nameWidth);
  const text = describeHost(host);
  const gap = ' '.repeat(Math.max(1, cellWidth - nameWidth - 1 - text.length));
  return `${hasTrouble(host) ? paint.yellow(name) : name} ${dressHost(host, paint)(text)}${gap}`;
}

function describeHost({ state, running, slots, done, failed }: HostProgress): string {
  if (state === 'connecting') return 'connecting…';
  if (state === 'unreachable') return 'unreachable';
  if (state === 'unusable') return 'cannot be used';
  if (state === 'left') return 'let go of';
  return `${running}/${slots} ▸ ${done} ✓${failed > 0 ? ` ${failed} ✗` : ''}`;
}

function dressHost({ state, failed }: HostProgress, paint: Paint): (text: string) => string {
  if (state === 'unusable') return paint.red;
  if (state === 'unreachable') return paint.yellow;
  return failed > 0 ? (text) => text : paint.dim;
}

function hasTrouble({ note }: HostProgress): boolean {
  return note !== null;
}

const MAX_ROWS = 8;
const MAX_NOTES = 3;
