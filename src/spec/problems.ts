import { type ErrorCode, GpoolError, SpecError } from '../errors.js';

/** One thing that is wrong with what the user wrote. */
export interface Problem {
  readonly code: ErrorCode;
  /** `hosts.yaml:12`, `job 3 (sim)`. */
  readonly where: string;
  readonly what: string;
  /** Better advice than the code's own. */
  readonly next?: string;
}

/** One error for several problems, numbered in its message. Its code is the code of the first. */
export class SpecErrors extends SpecError {
  /** All of them; the message lists the first 100. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly [Problem, ...Problem[]], where: string) {
    const list = problems
      .slice(0, MOST_LISTED)
      .map((problem, at) => `  ${at + 1}. ${problem.where}: ${problem.what}`);
    if (problems.length > MOST_LISTED) list.push(`  and ${problems.length - MOST_LISTED} more`);
    super(problems[0].code, { what: `${problems.length} problems:\n${list.join('\n')}\n`, where });
    this.problems = problems;
  }
}

/** More would drown the first, and a sweep can repeat one mistake a million times. */
const MOST_LISTED = 100;

/** Throws when there are problems: all in one error. `where` is the place that stands for several of them. */
export function throwProblems(problems: readonly Problem[], where: string): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  if (others.length > 0) throw new SpecErrors([first, ...others], where);
  const { code, what, next } = first;
  throw new SpecError(code, { what, where: first.where, ...(next && { next }) });
}

/** Does what may throw an error of ours, and keeps the error with the other problems. */
export function collect<T>(problems: Problem[], attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch (error) {
    keepProblems(problems, error);
    return undefined;
  }
}

/** Adds what an error of ours tells; throws any other error on. */
export function keepProblems(problems: Problem[], error: unknown): void {
  if (error instanceof SpecErrors) problems.push(...error.problems);
  else if (error instanceof GpoolError) problems.push(error);
  else throw error;
}

/** `a, b, c and 997 more`, for messages. */
export function nameSome(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
