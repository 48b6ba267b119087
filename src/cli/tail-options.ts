import type { Command } from 'commander';
import type { BatchOptions } from '../batch/batch-options.js';
import { SpecError } from '../errors.js';
import { parseDuration } from '../spec/duration.js';
import { parseWhole } from './parse-whole.js';

/** The options of `gpool run` about jobs that take too long to come back. */
export interface TailOptions {
  readonly copies?: string;
  readonly lostAfter?: string;
}

export function addTailOptions(command: Command): Command {
  return command
    .option('--copies <n>', 'at the end, copies of a slow job for hosts that idle; 0 for none (default: 1)')
    .option('--lost-after <time>', 'run elsewhere what a host has that was silent so long (default: never)');
}

/** What the options say. Throws a SpecError (E_USAGE) that names the wrong one. */
export function readTailOptions({
  copies,
  lostAfter,
}: TailOptions): Pick<BatchOptions, 'copies' | 'lostAfterSecs'> {
  return {
    ...(copies !== undefined && { copies: parseWhole('--copies', copies, 0) }),
    ...(lostAfter !== undefined && { lostAfterSecs: readLostAfter(lostAfter) }),
  };
}

function readLostAfter(text: string): number {
  const secs = parseDuration(text);
  if (secs > 0) return secs;
  const next = 'Write a time above 0, or leave it out to wait for ever.';
  throw new SpecError('E_USAGE', { what: 'a host would count as lost at once', where: '--lost-after', next });
}
