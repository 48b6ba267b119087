import { setTimeout as pause } from 'node:timers/promises';
import type { GpoolRun } from '../../helpers/run-gpool.js';
import type { Controller } from './controller.js';

interface Sample {
  readonly rssKb: number;
  readonly descriptors: number;
}

/** Memory and descriptors of the controllers of a batch, one after the other. */
export class Vitals {
  readonly #lives = new Map<Controller, Sample[]>();
  readonly #pending: Promise<void>[] = [];

  note(controller: Controller): void {
    const life = this.#lives.get(controller) ?? [];
    this.#lives.set(controller, life);
    this.#pending.push(controller.measure().then((sample) => void (sample && life.push(sample))));
  }

  /** Notes every second until it has ended. */
  async watch(controller: Controller): Promise<GpoolRun> {
    while (controller.isRunning) {
      this.note(controller);
      await Promise.race([pause(1_000), controller.ended]);
    }
    await Promise.all(this.#pending);
    return controller.ended;
  }

  describe(): string {
    const { rssKb, descriptors } = this.#peaks();
    return `${[...this.#lives.values()].flat().length} samples: at most ${Math.round(rssKb / 1024)} MiB and ${descriptors} descriptors; longest life grew by ${this.#growthMb()} MiB`;
  }

  /** What is more than a controller of eight hosts needs. */
  faults(): string[] {
    const { rssKb, descriptors } = this.#peaks();
    return [
      ...(rssKb > MOST_RSS_KB ? [`resident memory reached ${rssKb} kB`] : []),
      ...(descriptors > MOST_DESCRIPTORS ? [`${descriptors} descriptors were open at once`] : []),
      ...(this.#growthMb() > MOST_GROWTH_MB ? [`memory grew by ${this.#growthMb()} MiB in one life`] : []),
    ];
  }

  #peaks() {
    const samples = [...this.#lives.values()].flat();
    return {
      rssKb: Math.max(0, ...samples.map(({ rssKb }) => rssKb)),
      descriptors: Math.max(0, ...samples.map(({ descriptors }) => descriptors)),
    };
  }

  /** Of the controller that lived longest: its last third beside its second, since the first is for warming up. */
  #growthMb(): number {
    const longest = [...this.#lives.values()].sort((a, b) => b.length - a.length)[0] ?? [];
    const third = Math.floor(longest.length / 3);
    const mean = (part: readonly Sample[]) =>
      part.reduce((sum, { rssKb }) => sum + rssKb, 0) / Math.max(1, part.length);
    return Math.round((mean(longest.slice(2 * third)) - mean(longest.slice(third, 2 * third))) / 1024);
  }
}

const MOST_RSS_KB = 400 * 1024;
const MOST_DESCRIPTORS = 128;
const MOST_GROWTH_MB = 64;
