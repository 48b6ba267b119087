import type { WatchedBatch } from '../batch/watched-batch.js';
import { parseAttemptId } from '../events/attempt-id.js';
import { toPlainLine } from './plain-text.js';

/** What runs now, one job a line: its id, host, name and arguments. */
export function formatRunning(batch: Pick<WatchedBatch, 'runningAttempts' | 'job'>): string {
  const running = batch.runningAttempts();
  const lines = running.slice(0, MOST_LINES).map((attempt) => {
    const job = batch.job(parseAttemptId(attempt).job);
    const given = job?.args.join(' ') ?? '';
    const name = job && job.name !== given ? job.name : '';
    return `  ${toPlainLine([attempt, job?.host ?? '-', name, given].filter(Boolean).join(' '))}\n`;
  });
  const left = running.length - lines.length;
  const head = running.length === 0 ? 'nothing runs now' : `${running.length} running`;
  return `gpool: ${head}\n${lines.join('')}${left > 0 ? `  … and ${left} more\n` : ''}`;
}

const MOST_LINES = 1000;
