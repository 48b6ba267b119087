import type { Contestant } from './measurement.js';
import type { NapRun } from './naps.js';
import { layOutTimeline, makespanOf } from './timeline.js';

/**
 * Two rows of one run, over the seconds that would be best: from the first start on a host to the last end there, with its
 * timeline, and the whole command.
 */
export function napRows(
  { name, kind, missing }: Pick<Contestant, 'name' | 'kind' | 'missing'>,
  best: number,
  run: () => Promise<NapRun>,
): Contestant[] {
  let latest: NapRun | undefined;
  const span = async () => {
    latest = undefined;
    latest = await run();
    return makespanOf(latest.jobs) / best;
  };
  const whole = async () => {
    if (!latest) throw new Error('the run failed');
    return latest.seconds / best;
  };
  return [
    { name, kind, missing, run: span, timeline: () => layOutTimeline(latest?.jobs ?? []) },
    { name: wholeCommand(name), kind, missing, run: whole },
  ];
}

/** The name of the second row. */
export function wholeCommand(name: string): string {
  return `${name}, whole command`;
}
