import type { BatchProgress } from '../batch/batch-progress.js';
import { renderLiveView, renderProgressLine } from './live-view.js';
import type { Paint } from './paint.js';
import { Screen, type Terminal } from './screen.js';

/** Shows how a batch stands while it runs. `before` and `after` go around whatever else is printed. */
export interface ProgressView {
  before(): void;
  after(): void;
  /** Takes it away for good. */
  close(): void;
}

/** Redrawn in place, at most ten times a second. */
export function createLiveView(
  terminal: Terminal,
  progress: () => BatchProgress,
  paint: Paint,
): ProgressView {
  const screen = new Screen(terminal);
  let printing = 0;
  let lines: readonly string[] = [];
  let drawnAt = 0;
  const draw = (): void => {
    lines = renderLiveView(progress(), screen.width, paint);
    if (printing === 0) screen.draw(lines);
  };
  const onResize = (): void => {
    screen.resize();
    draw();
  };
  const timer = setInterval(draw, REDRAW_MS);
  terminal.on('resize', onResize);
  return {
    before() {
      printing += 1;
      screen.clear();
    },
    // What is printed took the view away: it comes back at once, but not for every line of a flood.
    after() {
      printing -= 1;
      if (printing > 0 || Date.now() - drawnAt < BACK_MS) return;
      drawnAt = Date.now();
      screen.draw(lines);
    },
    close() {
      clearInterval(timer);
      terminal.off('resize', onResize);
      screen.clear();
    },
  };
}

/** One line now and then, for where there is no terminal; nothing when nothing changed. */
export function createLineView(write: (text: string) => void, progress: () => BatchProgress): ProgressView {
  let last = '';
  const timer = setInterval(() => {
    const now = progress();
    const key = JSON.stringify([now.counts, now.running]);
    if (key !== last) write(`${renderProgressLine(now)}\n`);
    last = key;
  }, LINE_MS);
  timer.unref();
  return { before: nothing, after: nothing, close: () => clearInterval(timer) };
}

function nothing(): void {}

const REDRAW_MS = 100;
const BACK_MS = 30;
const LINE_MS = 5000;
