import { findFileProblems } from './files.js';
import { describeFinding, flattenIssue } from './issues.js';
import {
  type CheckedInput,
  type FileInput,
  isPrintable,
  type JobInput,
  jobInputSchema,
  toInputFile,
  toLimits,
  toRetryRules,
} from './job-input.js';
import type { InputFile, JobSpec } from './job-spec.js';
import { fillPlaceholders, findUnknownPlaceholders } from './placeholders.js';
import { type Problem, throwProblems } from './problems.js';
import {
  describePoint,
  expandSweep,
  findGridProblems,
  type Grid,
  type Point,
  type PointOf,
  parameterNames,
} from './sweep.js';
import { UniqueNames } from './unique-names.js';

export interface SweepOptions<P = Point> {
  /** Keeps only the points for which this holds. @default all */
  readonly where?: (point: P) => boolean;
  /** Replicas of each point, unless the job says so itself. @default Builder.setRepeat */
  readonly repeat?: number;
}

/** A job that was added and checked by itself. */
interface Draft {
  readonly where: string;
  readonly input: CheckedInput;
  readonly repeat: number;
  readonly fallbackName: string;
}

/**
 * Collects the jobs of a batch. Calls can be chained and never throw; `makeJobSpecs` reports every problem of every
 * job at once.
 */
export class Builder {
  readonly #drafts: Draft[] = [];
  readonly #problems: Problem[] = [];
  readonly #common: InputFile[] = [];
  #repeat = 1;
  #calls = 0;

  /** How many replicas later `addJob` and `addSweep` calls make of each job, when they do not say. @default 1 */
  setRepeat(repeat: number): this {
    if (Number.isSafeInteger(repeat) && repeat >= 0) this.#repeat = repeat;
    else this.#problem('setRepeat', `${repeat} is not a whole number from 0`);
    return this;
  }

  /**
   * Adds a job, `repeat` times; none when `repeat` is 0. What is in the input is taken as it stands. `where` names its
   * place in messages.
   */
  addJob(input: JobInput, { where = `job ${this.#calls + 1}` }: { readonly where?: string } = {}): this {
    this.#calls += 1;
    this.#draft(input, { where, repeat: this.#repeat, fallbackName: 'job' });
    return this;
  }

  /**
   * Adds one job for each point of a grid, the last parameter changing fastest. `make` is a function from the point
   * to a job, or a template with `{name}` placeholders. The point's values are exported to the job under their own names, and
   * name it when it has no name: `lr=0.1,depth=2`.
   */
  addSweep<const G extends Grid>(
    grid: G,
    make: JobInput | ((point: PointOf<G>) => JobInput),
    options?: SweepOptions<PointOf<G>>,
  ): this;
  addSweep(grid: Grid, make: JobInput | ((point: Point) => JobInput), options: SweepOptions = {}): this {
    this.#calls += 1;
    const where = `sweep ${this.#calls}`;
    const problems = findGridProblems(grid);
    for (const what of problems) this.#problem(where, what);
    if (typeof make === 'object') this.#checkPlaceholders(where, make, parameterNames(grid));
    if (problems.length > 0) return this;
    for (const point of expandSweep(grid).filter(options.where ?? (() => true))) {
      const input: JobInput | undefined =
        typeof make === 'function' ? make(point) : fillPlaceholders(make, point);
      const fallbackName = describePoint(point);
      const repeat = options.repeat ?? this.#repeat;
      const values = { ...input?.values, ...point };
      this.#draft({ ...input, values }, { where: `${where}, ${fallbackName}`, repeat, fallbackName });
    }
    return this;
  }

  /** Files that every job of the batch gets, also those added before; sent to each host once. */
  addFiles(files: readonly (string | FileInput)[]): this {
    this.#common.push(...files.map(toInputFile));
    return this;
  }

  /**
   * The specs in the order in which they were added, frozen, with unique names. Replicas are `name#1` … `name#k`; a
   * name that an earlier job has becomes `name-2`. Throws one SpecError (E_SPEC, E_PLACEHOLDER) that lists every problem.
   */
  makeJobSpecs(): readonly JobSpec[] {
    const problems = [...this.#problems];
    problems.push(...findFileProblems(this.#common).map((what) => toProblem('common files', what)));
    const names = new UniqueNames();
    const specs = this.#drafts.flatMap((draft) => {
      const files = [...this.#common, ...(draft.input.files ?? [])];
      const clashes = this.#common.length === 0 ? [] : findFileProblems(files);
      problems.push(...clashes.map((what) => toProblem(draft.where, `files: ${what}`)));
      return replicate(draft, files, names);
    });
    throwProblems(problems, 'the job specs');
    return Object.freeze(specs);
  }

  #draft(raw: JobInput | undefined, { where, repeat, fallbackName }: Omit<Draft, 'input'>): void {
    const named = typeof raw?.name === 'string' && isPrintable(raw.name) ? `${where} (${raw.name})` : where;
    const { success, data: input, error } = jobInputSchema.safeParse({ repeat, ...raw });
    if (success) this.#drafts.push({ where: named, input, repeat: input.repeat ?? repeat, fallbackName });
    const findings = error?.issues.flatMap((issue) => flattenIssue(issue)) ?? [];
    for (const finding of findings) this.#problem(named, describeFinding(finding));
  }

  #checkPlaceholders(where: string, template: JobInput, known: readonly string[]): void {
    const unknown = findUnknownPlaceholders(template, known);
    const choice = known.map((name) => `{${name}}`).join(', ');
    for (const name of unknown) {
      this.#problems.push({
        code: 'E_PLACEHOLDER',
        where,
        what: `{${name}} is not a parameter of the sweep, which has ${choice}`,
        next: `Use one of these, or write {{${name}}} for literal braces.`,
      });
    }
  }

  #problem(where: string, what: string): void {
    this.#problems.push(toProblem(where, what));
  }
}

function replicate(
  { input, repeat, fallbackName }: Draft,
  files: InputFile[],
  names: UniqueNames,
): JobSpec[] {
  const limits = toLimits(input);
  const retry = toRetryRules(input);
  // With the two that differ in their places: a copy of it is small.
  const template = deepFreeze({
    name: '',
    repeat: 0,
    commands: input.commands,
    files: files.length === 0 ? NONE : files,
    returns: input.returns ?? NONE,
    env: input.env ?? NOTHING,
    values: input.values ?? NOTHING,
    limits: Object.keys(limits).length === 0 ? NOTHING : limits,
    repeatable: input.repeatable ?? true,
    ...(retry && { retry }),
    args: input.args ?? NONE,
  });
  return names
    .take(input.name ?? fallbackName, repeat)
    .map((name, at) => Object.freeze({ ...template, name, repeat: at + 1 }));
}

function toProblem(where: string, what: string): Problem {
  return { code: 'E_SPEC', where, what };
}

function deepFreeze<T extends object>(value: T): T {
  if (Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part);
  return Object.freeze(value);
}

/** Shared by all specs: a batch may have a million. */
const NONE = Object.freeze([]);
const NOTHING = Object.freeze({});
