import { type ErrorCode, HostError, JobError } from '../../errors.js';
import type { AnnouncedOutput, NetworkEvent, Usage } from '../../events/event.js';
import type { Outcome } from '../../events/outcome.js';
import type { GjobEvent } from './gjob-events.js';

type Ended = Extract<GjobEvent, { kind: 'ended' }>;
type Gone = Extract<GjobEvent, { kind: 'refused' | 'lost' }>;

/** What the rest of gpool is told of a host's event line; null for lines that concern only the link. */
export function toNetworkEvent(event: GjobEvent, host: string, offset: number): NetworkEvent | null {
  switch (event.kind) {
    case 'started':
      return { type: 'job.started', attempt: event.attempt, host, slot: event.slot, offset };
    case 'ended':
      return endedEvent(event, host, offset);
    case 'refused':
    case 'lost':
      return goneEvent(event, host, offset);
    case 'warned': {
      const { attempt, word, text } = event;
      return { type: 'job.warned', attempt, host, word, text, offset };
    }
    default:
      return null;
  }
}

function endedEvent(event: Ended, host: string, offset: number): NetworkEvent {
  const { attempt, survivors, startedMs: startedAt, wallMs, userMs, systemMs, peakKb } = event;
  const usage = { startedAt, wallMs, userMs, systemMs, peakKb };
  const outcome = brokenOutcome(event, host) ?? toOutcome(event);
  const ended = {
    type: 'job.ended',
    attempt,
    host,
    outcome,
    usage,
    output: outputOf(event),
    offset,
  } as const;
  return survivors.length > 0 ? { ...ended, survivors } : ended;
}

/** Some of what the job printed could not be kept there: that is the host's fault, however the job ended, unless it was told to. */
function brokenOutcome({ how, broken }: Ended, host: string): Outcome | null {
  if (broken === null || how === 'cancelled' || how === 'recalled') return null;
  const [word, text] =
    broken === 'collector'
      ? ['supervisor', 'the process that kept its output was killed']
      : ['disk', `its output could not be written there (${broken})`];
  return goneOutcome({ kind: 'lost', word, text }, host);
}

/** Without sizes where there is nothing, or where an older helper does not say them. */
function outputOf({ stdout, stderr, sizes }: Ended): AnnouncedOutput {
  return {
    stdout,
    stderr,
    ...(stdout && sizes && { stdoutBytes: sizes.stdout }),
    ...(stderr && sizes && { stderrBytes: sizes.stderr }),
  };
}

/** How an attempt ended, from the two words of an exit record. */
export function toOutcome({ how, number }: Pick<Ended, 'how' | 'number'>): Outcome {
  switch (how) {
    case 'code':
      return number === 0 ? { kind: 'succeeded' } : { kind: 'failed', code: number };
    case 'signal':
      return { kind: 'killed', signal: number };
    case 'timeout':
      return { kind: 'timed-out' };
    case 'oom':
      return { kind: 'killed', signal: SIGKILL, oom: true };
    case 'cancelled':
    case 'recalled':
      return { kind: how };
  }
}

/** The outcome of an attempt that will leave no exit record. */
export function goneOutcome({ kind, word, text }: Omit<Gone, 'attempt'>, host: string): Outcome {
  const code = GONE.get(word) ?? (kind === 'lost' ? 'E_SUPERVISOR' : 'E_START');
  const detail = {
    what: `${kind === 'lost' ? 'the attempt was lost' : 'the job was not started'}: ${text}`,
    where: host,
  };
  const fault = JOB_FAULTS.has(code) ? new JobError(code, detail) : new HostError(code, detail);
  return { kind: 'lost', fault: fault.toFault() };
}

function goneEvent(event: Gone, host: string, offset: number): NetworkEvent {
  const { kind, attempt } = event;
  const outcome = goneOutcome(event, host);
  // A lost attempt may have written something; one that was refused cannot have.
  const output = { stdout: kind === 'lost', stderr: kind === 'lost' };
  return { type: 'job.ended', attempt, host, outcome, usage: NO_USAGE, output, offset };
}

/** The words of `E` and `L` lines. */
const GONE: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['reboot', 'E_REBOOTED'],
  ['supervisor', 'E_SUPERVISOR'],
  ['store', 'E_STORE_GONE'],
  ['tree', 'E_INPUTS_GONE'],
  ['disk', 'E_REMOTE_DISK'],
  ['fork', 'E_START'],
]);

const JOB_FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['E_STORE_GONE', 'E_INPUTS_GONE', 'E_START']);
const SIGKILL = 9;
const NO_USAGE: Usage = { startedAt: 0, wallMs: 0, userMs: 0, systemMs: 0, peakKb: 0 };
