import { formatNumber } from '../numbers.js';
import { box, line, polyline, svgDocument, text, upright } from './svg.js';

export interface Series {
  readonly name: string;
  /** Both above 0. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LinePlot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
}

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 80;
const TOP = 44;
const RIGHT = 480;
const BOTTOM = HEIGHT - 56;

/** Curves over axes that are both logarithmic, from whole powers of ten on the left one. Null without anything to draw. */
export function drawLines({ title, xLabel, yLabel, series }: LinePlot): string | null {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return null;
  const xs = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b);
  const ys = points.map(([, y]) => Math.log10(y));
  const x = scale(Math.log10(xs[0] ?? 1), Math.log10(xs.at(-1) ?? 1), LEFT + 16, RIGHT - 16);
  const [low, high] = [Math.floor(Math.min(...ys)), Math.ceil(Math.max(...ys) + 1e-9)];
  const y = scale(low, high, BOTTOM, TOP);
  const decades = Array.from({ length: high - low + 1 }, (_, at) => low + at);
  return svgDocument(WIDTH, HEIGHT, title, [
    ...decades.flatMap((decade) => [
      line(LEFT, y(decade), RIGHT, y(decade), 'grid'),
      text(LEFT - 8, y(decade) + 4, tick(10 ** decade), 'end'),
    ]),
    ...xs.map((value) => text(x(Math.log10(value)), BOTTOM + 20, tick(value), 'middle')),
    line(LEFT, BOTTOM, RIGHT, BOTTOM, 'axis'),
    line(LEFT, TOP, LEFT, BOTTOM, 'axis'),
    text((LEFT + RIGHT) / 2, HEIGHT - 14, xLabel, 'middle'),
    upright(20, (TOP + BOTTOM) / 2, yLabel),
    ...series.map((one, at) =>
      polyline(
        one.points.map(([across, up]) => [x(Math.log10(across)), y(Math.log10(up))]),
        at,
      ),
    ),
    ...series.flatMap((one, at) => drawKey(one, at)),
  ]);
}

function drawKey({ name, points }: Series, at: number): string[] {
  const top = TOP + 8 + at * 36;
  const values = points.map(([, value]) => formatNumber(value)).join(', ');
  return [
    box(RIGHT + 20, top, 12, 12, `fill c${at}`),
    text(RIGHT + 40, top + 11, name),
    text(RIGHT + 40, top + 25, values, 'small'),
  ];
}

function scale(from: number, to: number, low: number, high: number): (value: number) => number {
  return (value) => (to === from ? (low + high) / 2 : low + ((value - from) / (to - from)) * (high - low));
}

function tick(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 3 });
}
