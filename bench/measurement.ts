import type { Programs } from './find-missing.js';
import type { Lab } from './lab.js';
import type { TimelineSpan } from './timeline.js';

/** One thing that is measured in turn with the others of its measurement. */
export interface Contestant {
  readonly name: string;
  /** `limit`: what the machine itself allows, or a part of the whole that tells where the time goes. */
  readonly kind: 'ours' | 'peer' | 'limit';
  /** @default the measurement's unit */
  readonly unit?: string;
  /** Why it cannot take part here; it is listed with that. */
  readonly missing?: string | undefined;
  /** Once, start to end; the answer is in the unit. Throws when the work was not done. */
  run(): Promise<number>;
  /** The jobs of the latest run, for a plot. Asked for after the first. */
  timeline?(): readonly TimelineSpan[];
}

/** A goal: ours over `against`, a contestant's name or a number, is at least or at most so much. */
export interface Target {
  readonly ours: string;
  readonly against: string | number;
  readonly least?: number;
  readonly most?: number;
}

/** A row of the goals: what is measured, who takes part and what must come out. */
export interface Measurement {
  /** `P1` … `P14`. */
  readonly goal: string;
  /** How it is asked for on the command line. */
  readonly name: string;
  readonly what: string;
  readonly unit: string;
  readonly targets: readonly Target[];
  /** What its peers need. */
  readonly programs?: Programs;
  /** Sets up what the contestants need; they run in turn, in this order. */
  prepare(lab: Lab): Promise<readonly Contestant[]>;
}

/** How often something is done in a run, made smaller by `--scale`; at least one. */
export function scaled(lab: Lab, count: number): number {
  return Math.max(1, Math.round(count * lab.scale));
}
