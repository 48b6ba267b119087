import type { BatchEnd, WatchedBatch } from '../batch/watched-batch.js';
import { type Interrupt, Interrupts } from './interrupts.js';
import { JobOutput, type OutputOptions } from './job-output.js';
import { OutputSink } from './output-sink.js';
import { createPaint, wantsColor } from './paint.js';
import { createLineView, createLiveView, type ProgressView } from './progress-view.js';
import type { RunOptions } from './run-options.js';
import { formatRunning } from './running-text.js';
import { formatSummary } from './summary-text.js';
import { createSwitchedView, NO_VIEW, type SwitchedView } from './switch-view.js';
import { onUserSignals } from './user-signals.js';

/** The options that say what is shown. */
export type WatchOptions = Pick<
  RunOptions,
  'color' | 'keepOrder' | 'tag' | 'lineBuffer' | 'quiet' | 'bar' | 'eta'
>;

/** How a batch that was watched came to its end. */
export interface WatchedEnd {
  readonly end: BatchEnd;
  /** The signal that interrupted it. */
  readonly signal: Interrupt | null;
}

/** What signals do to the batch; `tell` says something to the person. */
export interface Steering {
  first(signal: Interrupt, tell: (text: string) => void): void;
  second(tell: (text: string) => void): Promise<void>;
  /** What to say at the end in place of the summary; null for the summary. */
  farewell(end: BatchEnd): string | null;
}

/** Shows a batch until it is over: the live view or lines on stderr, the jobs' output, the summary. */
export async function watchRun(
  batch: WatchedBatch,
  steering: Steering,
  options: WatchOptions,
  place: string,
  onView: (view: ProgressView) => void,
): Promise<WatchedEnd> {
  const sinks = { stdout: new OutputSink(process.stdout), stderr: new OutputSink(process.stderr) };
  const paint = createPaint(wantsColor(options.color, process.env, process.stderr.isTTY === true));
  const say = (text: string): void => void sinks.stderr.write(text);
  const live = (process.stderr.isTTY && process.env.TERM !== 'dumb') || options.bar || options.eta;
  const progress = () => batch.progress();
  const lines = ['lines', () => createLineView(say, progress)] as const;
  const other = live
    ? (['live', () => createLiveView(process.stderr, progress, paint)] as const)
    : (['none', () => NO_VIEW] as const);
  const view = createSwitchedView(live ? [other, lines] : [lines, other]);
  onView(view);
  const output = new JobOutput(batch, describeOutput(options, sinks, view));
  batch.subscribe((event) => output.observe(event));
  const interrupts = watchInterrupts(steering, view, say);
  const deafen = watchUserSignals(batch, view, say);
  try {
    const end = await batch.start();
    await output.finish();
    view.close();
    say(steering.farewell(end) ?? formatSummary(end, place, paint));
    if (interrupts.first !== null) await interrupts.linger(end.summary.unfinished.length > 0 ? LINGER_MS : 0);
    return { end, signal: interrupts.first };
  } finally {
    await output.finish();
    view.close();
    interrupts.close();
    deafen();
  }
}

function describeOutput(
  { keepOrder, tag, lineBuffer, quiet }: WatchOptions,
  sinks: OutputOptions['sinks'],
  around: ProgressView,
): OutputOptions {
  const plain = { stdout: process.stdout.isTTY === true, stderr: process.stderr.isTTY === true };
  const mode = quiet ? 'quiet' : lineBuffer ? 'line-buffer' : 'grouped';
  return { mode, keepOrder, tag, plain, sinks, around };
}

/** As GNU parallel's: USR1 lists what runs, USR2 switches the view. */
function watchUserSignals(batch: WatchedBatch, view: SwitchedView, say: (text: string) => void): () => void {
  const tell = tellAround(view, say);
  return onUserSignals({
    SIGUSR1: () => tell(formatRunning(batch)),
    SIGUSR2: () => tell(`gpool: progress view: ${view.next()}\n`),
  });
}

function tellAround(view: ProgressView, say: (text: string) => void): (text: string) => void {
  return (text) => {
    view.before();
    say(text);
    view.after();
  };
}

function watchInterrupts(steering: Steering, view: ProgressView, say: (text: string) => void): Interrupts {
  const around = tellAround(view, say);
  const tell = (text: string): void => around(`gpool: ${text}\n`);
  return new Interrupts(
    (signal) => steering.first(signal, tell),
    () => steering.second(tell),
  );
}

/** How long a second interrupt may follow the first, when jobs are still with their hosts. */
const LINGER_MS = 1000;
