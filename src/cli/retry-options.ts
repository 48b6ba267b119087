import type { Command } from 'commander';
import type { BatchOptions } from '../batch/batch-options.js';
import { SpecError } from '../errors.js';
import { parseDuration } from '../spec/duration.js';
import { parseHaltRule } from '../spec/halt-rule.js';
import type { JobSpec, Limits } from '../spec/job-spec.js';
import { parseRetryCauses, type RetryRules } from '../spec/retry-rules.js';
import { findLimitProblem, parseTimeLimit, parseWarning } from '../spec/time-limit.js';
import { parseWhole } from './parse-whole.js';

/** The options of `gpool run` about time limits, about trying again and about giving up. */
export interface RetryOptions {
  readonly timeout?: string;
  readonly signal?: string;
  readonly retries?: string;
  readonly retryOn?: string;
  readonly neverRetry?: string;
  readonly retryDelay?: string;
  readonly halt?: string;
}

export function addRetryOptions(command: Command): Command {
  return command
    .optionsGroup('Limits, retries, halts:')
    .option('--timeout <time>', 'end a job after 90, 30m, 1h 30m, or 200% of the median run time')
    .option('--signal <sig[@time]>', 'send a job this signal so long before its timeout: USR1@60')
    .option('--retries <n>', 'try a job that fails so many times in all')
    .option('--retry-delay <time>', 'wait before the second try; doubles each time (default: 1s)')
    .option('--retry-on <codes>', 'try again only after these exit codes, or signal, oom, timeout: 75,signal')
    .option('--never-retry <codes>', 'never try again after these')
    .option('--halt <rule>', 'stop when jobs fail or succeed: soon,fail=3 or now,fail=10%');
}

/** What the options say about trying again and giving up. Throws a SpecError (E_USAGE) that names the wrong one. */
export function readRetryOptions(options: RetryOptions): Pick<BatchOptions, keyof RetryRules | 'halt'> {
  const { retries, retryDelay, halt } = options;
  const { retryOn, neverRetry } = readCauses(options);
  if (halt !== undefined) parseHaltRule(halt);
  return {
    ...(retries !== undefined && { retries: parseWhole('--retries', retries, 1) }),
    ...(retryOn && { retryOn }),
    ...(neverRetry && { neverRetry }),
    ...(retryDelay !== undefined && { retryDelaySecs: parseDuration(retryDelay) }),
    ...(halt !== undefined && { halt }),
  };
}

/** What the options say about time. Throws a SpecError (E_USAGE). */
export function readLimits({ timeout, signal }: RetryOptions): Limits {
  return {
    ...(timeout !== undefined && parseTimeLimit(timeout)),
    ...(signal !== undefined && { warn: parseWarning(signal) }),
  };
}

/** The spec as the options want it: they go before what it says itself. Throws a SpecError (E_USAGE) when both do not fit. */
export function adaptLimits(spec: JobSpec, options: RetryOptions): JobSpec {
  const { timeoutSecs, timeoutPercent, warn } = spec.limits;
  const own = { ...(timeoutSecs && { timeoutSecs }), ...(timeoutPercent && { timeoutPercent }) };
  const limits = { ...(options.timeout === undefined && own), ...(warn && { warn }), ...readLimits(options) };
  const what = findLimitProblem(limits);
  if (what !== null) throw new SpecError('E_USAGE', { what, where: `job ${spec.name}` });
  const { retry, ...rest } = spec;
  const rules = Object.entries({ ...retry }).filter(
    ([name]) => !Object.hasOwn(readRetryOptions(options), name),
  );
  return { ...rest, limits, ...(rules.length > 0 && { retry: Object.fromEntries(rules) }) };
}

function readCauses({
  retries,
  retryOn,
  neverRetry,
}: RetryOptions): Pick<RetryRules, 'retryOn' | 'neverRetry'> {
  if (retryOn !== undefined && retries === undefined) {
    const next = 'Say with --retries how many times a job is tried in all.';
    throw new SpecError('E_USAGE', { what: 'nothing is tried again', where: '--retry-on', next });
  }
  return {
    ...(retryOn !== undefined && { retryOn: parseRetryCauses(retryOn, '--retry-on') }),
    ...(neverRetry !== undefined && { neverRetry: parseRetryCauses(neverRetry, '--never-retry') }),
  };
}
