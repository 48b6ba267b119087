import type { Command } from 'commander';
import type { BatchOptions } from '../batch/batch-options.js';
import { SpecError } from '../errors.js';
import { parseDuration } from '../spec/duration.js';
import { parseWhole } from './parse-whole.js';

/** The options of `gpool run` about jobs that take too long to come back. */
export interface TailOptions {
  readonly copies?: string;
  readonly lostAfter?: string;
  readonly waitLost?: string;
}

export function addTailOptions(command: Command): Command {
  return command
    .optionsGroup('Hosts that are slow or silent:')
    .option('--copies <n>', 'at the end, copies of a slow job for hosts that idle; 0 for none (default: 1)')
    .option('--lost-after <time>', 'run elsewhere what a host has that was silent so long (default: never)')
    .option('--wait-lost <time>', 'give up so long after only silent hosts have jobs left (default: never)');
}

/** What the options say. Throws a SpecError (E_USAGE) that names the wrong one. */
export function readTailOptions({
  copies,
  lostAfter,
  waitLost,
}: TailOptions): Pick<BatchOptions, 'copies' | 'lostAfterSecs' | 'waitLostSecs'> {
  return {
    ...(copies !== undefined && { copies: parseWhole('--copies', copies, 0) }),
    ...(lostAfter !== undefined && { lostAfterSecs: readTime('--lost-after', lostAfter) }),
    ...(waitLost !== undefined && { waitLostSecs: readTime('--wait-lost', waitLost) }),
  };
}

function readTime(where: string, text: string): number {
  const secs = parseDuration(text);
  if (secs > 0) return secs;
  const next = 'Write a time above 0, or leave it out to wait for ever.';
  throw new SpecError('E_USAGE', { what: 'no host could answer in no time', where, next });
}
