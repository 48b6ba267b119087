import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Random } from '../../../src/random.js';
import type { Lab } from './lab.js';
import type { Machine } from './machine.js';

const run = promisify(execFile);

/** A harm to one machine, and how it is made good. */
interface Fault {
  readonly name: string;
  strike(machine: Machine): Promise<void>;
  heal(machine: Machine): Promise<void>;
}

/** What befalls machines: chosen by a seed, never on more than half of them at once, each healed after a while. */
export class Nemesis {
  /** What was done, for people, and machines whose disk was full at some time. */
  readonly struck = new Map<string, number>();
  readonly filled = new Set<string>();
  readonly #lab: Lab;
  readonly #random: Random;
  readonly #faults: readonly Fault[];
  readonly #healing = new Map<Machine, Promise<void>>();
  #hurry = new AbortController();

  constructor(lab: Lab, random: Random) {
    this.#lab = lab;
    this.#random = random;
    this.#faults = createFaults(lab, random, this.filled);
  }

  /** Harms one machine that is well, for up to eight seconds; does nothing when half of them are harmed already. */
  async strike(): Promise<void> {
    const well = this.#lab.machines.filter((machine) => !this.#healing.has(machine));
    if (well.length <= this.#lab.machines.length / 2) return;
    const machine = pick(well, this.#random);
    const fault = pick(this.#faults, this.#random);
    this.struck.set(fault.name, (this.struck.get(fault.name) ?? 0) + 1);
    const healed = this.#suffer(machine, fault, 500 + this.#random() * 7_500);
    this.#healing.set(machine, healed);
    await healed.catch(() => {}); // thrown by healAll
    this.#healing.delete(machine);
  }

  /** Heals whatever is harmed now, at once. Rejects when a machine could not be healed. */
  async healAll(): Promise<void> {
    this.#hurry.abort();
    await Promise.all(this.#healing.values());
    this.#hurry = new AbortController();
  }

  async #suffer(machine: Machine, fault: Fault, ms: number): Promise<void> {
    await fault.strike(machine);
    await pause(ms, undefined, { signal: this.#hurry.signal }).catch(() => {}); // healed sooner
    await fault.heal(machine);
  }
}

function createFaults({ firewall }: Lab, random: Random, filled: Set<string>): Fault[] {
  const ballast = (machine: Machine) => join(machine.disk, 'ballast');
  return [
    {
      name: 'partition',
      strike: (machine) => firewall.partition(machine),
      heal: (machine) => firewall.heal(machine),
    },
    {
      name: 'power cut',
      strike: async (machine) => {
        if (random() < 0.5) await firewall.partition(machine);
        await machine.powerCut();
      },
      heal: async (machine) => {
        await firewall.heal(machine);
        await machine.boot();
      },
    },
    {
      name: 'full disk',
      strike: async (machine) => {
        filled.add(machine.name);
        await run('dd', ['if=/dev/zero', `of=${ballast(machine)}`, 'bs=64k']).catch(() => {}); // until it is full
      },
      heal: (machine) => rm(ballast(machine), { force: true }),
    },
    { name: 'sshd stopped', strike: (machine) => machine.stopSshd(), heal: (machine) => machine.startSshd() },
    { name: 'frozen', strike: (machine) => machine.freeze(), heal: (machine) => machine.thaw() },
  ];
}

function pick<T>(list: readonly T[], random: Random): T {
  const found = list[Math.floor(random() * list.length)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
}
