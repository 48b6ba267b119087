import { SpecError } from '../errors.js';
import { type JoblogEntry, readJoblog } from '../report/joblog-reader.js';
import { normalizeQuoting } from '../report/normalize-quoting.js';
import { Builder } from '../spec/builder.js';
import type { JobSpec } from '../spec/job-spec.js';

/** `resume` skips what is in the log at all, `resume-failed` what succeeded there. */
export type JoblogMode = 'resume' | 'resume-failed';

/** What a joblog leaves to do. */
export interface JoblogPlan {
  readonly specs: readonly JobSpec[];
  /** Ids of the others: they are skipped, so that the rest keep their places. */
  readonly removed: readonly string[];
}

/**
 * Leaves out the jobs that a joblog has already, by their place. Throws a SpecError (E_JOBLOG) when the log is of other
 * commands than those that would be run now: then nothing tells which of them were.
 */
export async function skipByJoblog(
  specs: readonly JobSpec[],
  path: string,
  mode: JoblogMode,
): Promise<JoblogPlan> {
  const entries = await readJoblog(path);
  checkCommands(specs, [...entries.values()], path);
  const isDone = (_: unknown, at: number): boolean => {
    const entry = entries.get(at + 1);
    return entry !== undefined && (mode === 'resume' || !hasFailed(entry));
  };
  const removed = specs.flatMap((spec, at) => (isDone(spec, at) ? [String(at + 1)] : []));
  return { specs: specs.filter((spec, at) => !isDone(spec, at)), removed };
}

/** The commands of a joblog that failed, as they stand there. */
export async function retryByJoblog(path: string): Promise<JoblogPlan> {
  const entries = await readJoblog(path);
  const last = Math.max(0, ...entries.keys());
  const builder = new Builder();
  const removed: string[] = [];
  for (let seq = 1; seq <= last; seq += 1) {
    const entry = entries.get(seq);
    if (entry && hasFailed(entry)) builder.addJob({ commands: [entry.command], name: `seq-${seq}` });
    else removed.push(String(seq));
  }
  return { specs: builder.makeJobSpecs(), removed };
}

function hasFailed({ exit, signal }: JoblogEntry): boolean {
  return exit !== 0 || signal !== 0;
}

function checkCommands(specs: readonly JobSpec[], entries: readonly JoblogEntry[], path: string): void {
  const others = entries.filter(({ seq, command }) => !isSame(specs[seq - 1], command));
  const [first] = others;
  if (!first) return;
  const now = specs[first.seq - 1]?.commands.join('\n');
  const is =
    now === undefined ? `there are only ${specs.length} jobs now` : `it would be ${JSON.stringify(now)}`;
  const more = others.length > 1 ? `, and ${others.length - 1} more differ` : '';
  throw new SpecError('E_JOBLOG', {
    what: `job ${first.seq} was ${JSON.stringify(first.command)} and ${is}${more}`,
    where: `${path}:${first.line}`,
    next: 'Nothing was run. Give the command and arguments that the log is of, or another --joblog.',
  });
}

function isSame(spec: JobSpec | undefined, command: string): boolean {
  const now = spec?.commands.join('\n');
  return now !== undefined && (now === command || normalizeQuoting(now) === normalizeQuoting(command));
}
