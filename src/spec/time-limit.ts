import { SpecError } from '../errors.js';
import { parseDuration } from './duration.js';
import type { Limits } from './job-spec.js';

/** How long an attempt may run: seconds, or a percentage of what is usual in its batch. */
export type TimeLimit = Pick<Limits, 'timeoutSecs' | 'timeoutPercent'>;

/** Reads `90`, `30m`, `1h 30m`, rounded up to whole seconds, or `200%`. Throws a SpecError (E_USAGE). */
export function parseTimeLimit(text: string): TimeLimit {
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim())?.[1];
  if (percent !== undefined) return { timeoutPercent: readPercent(Number(percent), text) };
  const secs = Math.ceil(parseDuration(text));
  if (secs > MOST_LIMIT_SECS) throw refuse(TOO_LONG, text);
  if (secs > 0) return { timeoutSecs: secs };
  throw refuse('would end every job at once', text);
}

/** Reads the signal that warns a job and how long before its time limit: `USR1@60`, `TERM@5m`; a minute when it does not say. */
export function parseWarning(text: string): NonNullable<Limits['warn']> {
  const [, name = '', span = '60'] = /^([A-Za-z0-9]+)(?:@(.+))?$/.exec(text.trim()) ?? [];
  const warn = { signal: name.toUpperCase().replace(/^SIG/, ''), secs: Math.ceil(parseDuration(span)) };
  const what = name === '' ? 'is no signal' : findWarningProblem(warn);
  if (what === null) return warn;
  const next = 'Write a signal and how long before the limit it comes: USR1@60, TERM@5m.';
  throw new SpecError('E_USAGE', { what, where: JSON.stringify(text), next });
}

/** What is wrong with a warning by itself, or null. */
export function findWarningProblem({ signal, secs }: NonNullable<Limits['warn']>): string | null {
  if (!SIGNALS.includes(signal)) return `${signal} is not one of the signals ${SIGNALS.join(', ')}`;
  if (secs > MOST_LIMIT_SECS) return TOO_LONG;
  return secs > 0 ? null : 'a warning 0 seconds before the limit comes too late';
}

/** What is wrong with the limits of a job together, or null. */
export function findLimitProblem({ timeoutSecs, timeoutPercent, warn }: Limits): string | null {
  if (!warn) return null;
  if (timeoutSecs === undefined && timeoutPercent === undefined)
    return 'there is a signal before the time limit, but no limit';
  if (timeoutSecs === undefined || warn.secs < timeoutSecs) return null;
  return `the signal ${warn.secs} s before a limit of ${timeoutSecs} s would come before the start`;
}

/** Half of all jobs take longer than the median: less would end them. */
function readPercent(percent: number, text: string): number {
  if (percent > 100) return percent;
  throw refuse('of the median run time would end at least half of the jobs', text);
}

function refuse(what: string, text: string): SpecError {
  const next = 'Write a span of time, 90, 30m, 1h 30m, or more than 100% of the median run time: 200%.';
  return new SpecError('E_USAGE', { what, where: JSON.stringify(text), next });
}

/** The longest time limit that a host takes, the same as the helper's: some 31 years. Seconds. */
export const MOST_LIMIT_SECS = 999_999_999;
const TOO_LONG = `is longer than ${MOST_LIMIT_SECS} seconds, the most that a host takes`;

/** Those that a program can catch and that mean nothing else. */
const SIGNALS = ['HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'ALRM', 'TERM', 'CONT', 'XCPU', 'WINCH'];
