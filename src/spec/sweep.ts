import { isVariableName } from './job-input.js';
import type { SweepValue } from './job-spec.js';

/** One parameter's values, or parameters that change together: lists of one length under a name of your choice. */
export type Factor = readonly SweepValue[] | Readonly<Record<string, readonly SweepValue[]>>;

/** The parameters of a sweep: `{ lr: [0.1, 0.01], data: { train: ['a', 'b'], test: ['x', 'y'] } }`. */
export type Grid = Readonly<Record<string, Factor>>;

/** One point of a sweep, typed from its grid. */
export type PointOf<G extends Grid> = {
  readonly [Name in keyof ListsOf<G>]: ListsOf<G>[Name] extends readonly (infer Value)[] ? Value : never;
};

type ListsOf<G extends Grid> = {
  [Name in keyof G as G[Name] extends readonly SweepValue[] ? Name : never]: G[Name];
} & Intersection<{ [Name in keyof G]: G[Name] extends readonly SweepValue[] ? never : G[Name] }[keyof G]>;

type Intersection<Union> = (Union extends unknown ? (value: Union) => void : never) extends (
  value: infer Both,
) => void
  ? Both
  : never;

/** A point whose parameters are not known when the program is compiled. */
export type Point = Readonly<Record<string, SweepValue>>;

/** All points of a grid in order: the last parameter changes fastest. Expects a grid without problems. */
export function expandSweep(grid: Grid): Point[] {
  return Object.entries(grid)
    .map(toSteps)
    .reduce<Point[]>(
      (points, steps) => points.flatMap((point) => steps.map((step) => ({ ...point, ...step }))),
      [{}],
    );
}

/** What is wrong with a grid: bad or repeated names, empty lists, linked lists of different lengths. */
export function findGridProblems(grid: Grid): string[] {
  const names = parameterNames(grid);
  const repeated = names.filter((name, at) => names.indexOf(name) !== at);
  return [
    ...(names.length === 0 ? ['the sweep has no parameter'] : []),
    ...names
      .filter((name) => !isVariableName(name))
      .map((name) => `${JSON.stringify(name)} cannot name a shell variable`),
    ...repeated.map((name) => `${name} is listed twice`),
    ...Object.entries(grid).flatMap(findFactorProblems),
  ];
}

/** The names that a point of this grid has. */
export function parameterNames(grid: Grid): string[] {
  return Object.entries(grid).flatMap(([name, factor]) => (isList(factor) ? [name] : Object.keys(factor)));
}

/** `lr=0.1,depth=2`: a name for a point, one line, long values cut. */
export function describePoint(point: Point): string {
  const shorten = (text: string) => (text.length > 40 ? `${text.slice(0, 39)}…` : text);
  const pairs = Object.entries(point).map(([name, value]) => `${name}=${shorten(String(value))}`);
  return pairs.join(',').replace(/\p{Cc}/gu, '?');
}

function toSteps([name, factor]: [string, Factor]): Point[] {
  if (isList(factor)) return factor.map((value) => ({ [name]: value }));
  const lists = Object.entries(factor);
  const length = lists[0]?.[1].length ?? 0;
  return Array.from({ length }, (_, at) =>
    Object.fromEntries(
      lists.flatMap(([linked, values]) => values.slice(at, at + 1).map((value) => [linked, value])),
    ),
  );
}

function findFactorProblems([name, factor]: [string, Factor]): string[] {
  const lists = isList(factor) ? [factor] : Object.values(factor);
  if (lists.some(hasHole)) return [`${name} has a hole in its list of values`];
  if (isList(factor)) return factor.length === 0 ? [`${name} has no values`] : [];
  const lengths = Object.entries(factor).map(([linked, values]) => `${linked} ${values.length}`);
  const different = new Set(Object.values(factor).map((values) => values.length)).size > 1;
  if (different) return [`the linked lists of ${name} differ in length: ${lengths.join(', ')}`];
  return Object.values(factor)[0]?.length ? [] : [`${name} has no values`];
}

/** An element that was left out, which loops pass over. */
function hasHole(list: readonly unknown[]): boolean {
  return list.length > 0 && Object.keys(list).length < list.length;
}

function isList(factor: Factor): factor is readonly SweepValue[] {
  return Array.isArray(factor);
}
