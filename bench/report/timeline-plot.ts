import type { TimelineSpan } from '../timeline.js';
import { box, line, svgDocument, text, upright } from './svg.js';

export interface Timeline {
  readonly name: string;
  readonly spans: readonly TimelineSpan[];
}

const WIDTH = 720;
const LEFT = 60;
const RIGHT = 700;
const ROW = 12;
const GAP = 40;
const TOP = 44;

/** When each job ran on which slot, one under the other over one axis of seconds. Null without anything to draw. */
export function drawTimelines(title: string, timelines: readonly Timeline[]): string | null {
  const last = Math.max(0, ...timelines.flatMap(({ spans }) => spans.map(({ end }) => end)));
  if (last === 0) return null;
  const step = STEPS.find((size) => last / size <= 10) ?? last;
  const x = (seconds: number) => LEFT + ((RIGHT - LEFT) * seconds) / last;
  const marks = Array.from({ length: Math.floor(last / step) + 1 }, (_, at) => at * step);
  const body: string[] = [];
  let top = TOP;
  for (const [at, { name, spans }] of timelines.entries()) {
    const height = (1 + Math.max(...spans.map(({ slot }) => slot))) * ROW;
    const end = Math.max(...spans.map((span) => span.end));
    body.push(text(LEFT, top + 12, `${name}: ${end.toFixed(2)} s`));
    body.push(...marks.map((mark) => line(x(mark), top + 18, x(mark), top + 18 + height, 'grid')));
    body.push(upright(LEFT - 16, top + 18 + height / 2, 'slot'));
    for (const span of spans) {
      const hint = `${span.start.toFixed(2)} to ${span.end.toFixed(2)} s`;
      const width = x(span.end) - x(span.start);
      body.push(box(x(span.start), top + 18 + span.slot * ROW, width, ROW - 2, `job c${at}`, hint));
    }
    top += height + GAP;
  }
  body.push(...marks.map((mark) => text(x(mark), top, String(mark), 'middle small')));
  body.push(text((LEFT + RIGHT) / 2, top + 20, 'seconds from the first start', 'middle'));
  return svgDocument(WIDTH, top + 32, title, body);
}

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
