import type { Lab } from './lab.js';
import type { Contestant, Measurement, Target } from './measurement.js';
import { median } from './numbers.js';
import type { TimelineSpan } from './timeline.js';

export interface Row {
  readonly name: string;
  readonly kind: Contestant['kind'];
  readonly unit: string;
  readonly samples: readonly number[];
  /** Why there are none, or fewer than asked for. */
  readonly missing?: string;
  /** The jobs of the first turn, of a contestant that tells of them. */
  readonly timeline?: readonly TimelineSpan[];
}

export interface Verdict extends Target {
  /** Median of the ratios of each turn; null without both. */
  readonly ratio: number | null;
  readonly met: boolean | null;
}

export interface Result extends Pick<Measurement, 'goal' | 'name' | 'what'> {
  readonly rows: readonly Row[];
  readonly verdicts: readonly Verdict[];
}

/** Lets the contestants run one after the other, and that `runs` times: what disturbs the machine meets them all. */
export async function takeTurns(
  lab: Lab,
  measurement: Measurement,
  runs: number,
  say: (line: string) => void,
): Promise<Result> {
  const contestants = await measurement.prepare(lab);
  const samples = new Map<Contestant, number[]>(contestants.map((contestant) => [contestant, []]));
  const timelines = new Map<Contestant, readonly TimelineSpan[]>();
  const failures = new Map<Contestant, string>();
  for (let turn = 1; turn <= runs; turn++) {
    for (const contestant of contestants) {
      if (contestant.missing !== undefined || failures.has(contestant)) continue;
      say(`${measurement.goal} turn ${turn} of ${runs}: ${contestant.name}`);
      try {
        samples.get(contestant)?.push(await contestant.run());
        if (turn === 1 && contestant.timeline) timelines.set(contestant, contestant.timeline());
      } catch (error) {
        failures.set(contestant, error instanceof Error ? error.message : String(error));
      }
    }
  }
  const rows = contestants.map((contestant): Row => {
    const { name, kind, unit = measurement.unit } = contestant;
    const missing = contestant.missing ?? failures.get(contestant);
    const timeline = timelines.get(contestant);
    return {
      name,
      kind,
      unit,
      samples: samples.get(contestant) ?? [],
      ...(missing !== undefined && { missing }),
      ...(timeline !== undefined && { timeline }),
    };
  });
  const { goal, name, what, targets } = measurement;
  return { goal, name, what, rows, verdicts: targets.map((target) => judge(target, rows)) };
}

function judge(target: Target, rows: readonly Row[]): Verdict {
  const ours = rows.find(({ name }) => name === target.ours)?.samples ?? [];
  const { against, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = target;
  const theirs =
    typeof against === 'number'
      ? ours.map(() => against)
      : (rows.find(({ name }) => name === against)?.samples ?? []);
  const ratios = ours.slice(0, theirs.length).map((sample, turn) => sample / (theirs[turn] ?? Number.NaN));
  if (ratios.length === 0) return { ...target, ratio: null, met: null };
  const ratio = median(ratios);
  return { ...target, ratio, met: ratio >= least && ratio <= most };
}
