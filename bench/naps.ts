import { readFile, writeFile } from 'node:fs/promises';
import type { Lab } from './lab.js';
import type { Interval } from './timeline.js';

/** $1: how long, $2: the file that it adds its start and end to. No other process but the sleep. */
const SCRIPT = 'LC_ALL=C\nstart=$EPOCHREALTIME\nsleep "$1"\necho "$start $EPOCHREALTIME" >>"$2"\n';

/** A contestant's run of the list. */
export interface NapRun {
  /** From the command, or the submission, to the end. */
  readonly seconds: number;
  readonly jobs: readonly Interval[];
}

/** A list of sleeps for all contestants, each of which tells by the same clock when it began and ended. */
export class Naps {
  readonly #lab: Lab;
  readonly #script: string;
  readonly seconds: readonly number[];
  /** One a line. */
  readonly list: string;

  private constructor(lab: Lab, seconds: readonly number[]) {
    this.#lab = lab;
    this.#script = `${lab.fresh('nap', lab.hostDirectory)}.sh`;
    this.seconds = seconds;
    this.list = lab.fresh('naps');
  }

  static async write(lab: Lab, seconds: readonly number[]): Promise<Naps> {
    const naps = new Naps(lab, seconds);
    await writeFile(naps.#script, SCRIPT);
    await writeFile(naps.list, seconds.map((nap) => `${nap}\n`).join(''));
    return naps;
  }

  /** A file for the times of one run; nothing is there yet. */
  freshTimes(): string {
    return this.#lab.fresh('times', this.#lab.hostDirectory);
  }

  /** What runs one nap, under any shell: `nap` is its length, or what the contestant puts that for. */
  command(nap: string, times: string): string {
    return `bash ${this.#script} ${nap} ${times}`;
  }

  /** When they ran. Throws when not all did, or one was cut short. */
  async readTimes(times: string): Promise<readonly Interval[]> {
    const jobs = (await readFile(times, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number))
      .map(([start = Number.NaN, end = Number.NaN]) => ({ start, end }));
    const slept = jobs.reduce((sum, { start, end }) => sum + end - start, 0);
    const asked = this.seconds.reduce((sum, nap) => sum + nap, 0);
    if (jobs.length !== this.seconds.length || !(slept >= asked)) {
      throw new Error(`${jobs.length} jobs of ${this.seconds.length} slept ${slept} s of ${asked} s`);
    }
    return jobs;
  }
}
