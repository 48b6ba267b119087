import { SpecError } from '../errors.js';

/** When a batch stops before its end: GNU parallel's `--halt`. */
export interface HaltRule {
  /** `soon`: nothing more is started, what runs is waited for. `now`: what runs is ended. */
  readonly when: 'now' | 'soon';
  /** What is counted. A job that is tried again has not failed yet. */
  readonly what: 'fail' | 'success' | 'done';
  readonly amount: number;
  /** Whether the amount is a percentage of all jobs of the batch. */
  readonly percent: boolean;
}

/**
 * Reads `now,fail=1`, `soon,success=5%`, or one of GNU parallel's short forms: `2`, `1`, `-1`, `-2`, `10%`; null for `never`
 * and `0`. Throws a SpecError (E_USAGE).
 */
export function parseHaltRule(text: string): HaltRule | null {
  const rule = SHORT.get(text.trim()) ?? text.trim().replace(/^(\d+)%$/, 'soon,fail=$1%');
  if (rule === 'never') return null;
  const { when, what, number, sign } = FORM.exec(rule)?.groups ?? {};
  const amount = Number(number);
  if (!isWhen(when) || !isWhat(what)) throw refuse(text, 'is no halt rule');
  if (amount === 0) throw refuse(text, 'would stop the batch before its first job');
  if (sign === '%' && amount > 100) throw refuse(text, 'is more than all jobs');
  return { when, what, amount, percent: sign === '%' };
}

/** As it is typed: `soon,fail=10%`. */
export function formatHaltRule({ when, what, amount, percent }: HaltRule): string {
  return `${when},${what}=${amount}${percent ? '%' : ''}`;
}

function isWhen(word: string | undefined): word is HaltRule['when'] {
  return word === 'now' || word === 'soon';
}

function isWhat(word: string | undefined): word is HaltRule['what'] {
  return word === 'fail' || word === 'success' || word === 'done';
}

function refuse(text: string, what: string): SpecError {
  const next =
    'Write never, or now or soon, then fail, success or done with a number: soon,fail=3 or now,fail=10%.';
  return new SpecError('E_USAGE', { what, where: JSON.stringify(text), next });
}

const FORM = /^(?<when>\w+),(?<what>\w+)=(?<number>\d+)(?<sign>%?)$/;

const SHORT: ReadonlyMap<string, string> = new Map([
  ['0', 'never'],
  ['1', 'soon,fail=1'],
  ['2', 'now,fail=1'],
  ['-1', 'soon,success=1'],
  ['-2', 'now,success=1'],
]);
