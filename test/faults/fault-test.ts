import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Random } from '../../src/random.js';
import { FULL } from './harness/effort.js';

type Body = (t: ExecutionContext) => Promise<void>;

/**
 * A fault test, one after the other within a file, that needs these programs of the system. Where one is missing it is
 * skipped and says so; with GPOOL_TEST_SSHD=1 it fails instead.
 */
export function faultTest(title: string, programs: readonly string[], body: Body): void {
  const missing = programs.filter((program) => !isOnPath(program));
  if (missing.length > 0 && process.env.GPOOL_TEST_SSHD !== '1') {
    test.skip(`${title} (needs ${missing.join(', ')})`, body);
    return;
  }
  test.serial(title, async (t) => {
    t.timeout(FULL ? 7_200_000 : 900_000);
    if (missing.length > 0) t.fail(`GPOOL_TEST_SSHD=1, but there is no ${missing.join(', ')}`);
    else await body(t);
  });
}

/** Like `faultTest`, for what also needs root: namespaces, limits of the system. */
export function rootFaultTest(title: string, programs: readonly string[], body: Body): void {
  const isRoot = process.getuid?.() === 0;
  if (isRoot || process.env.GPOOL_TEST_SSHD === '1') {
    faultTest(title, programs, async (t) => (isRoot ? body(t) : t.fail('this is not root')));
  } else {
    test.skip(`${title} (needs root)`, body);
  }
}

/** A whole number from 0 to `below` - 1. */
export function pick(random: Random, below: number): number {
  return Math.floor(random() * below);
}

/** The same items in any order. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const keyed = items.map((item) => ({ item, key: random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

/** Runs `task` for each item, `lanes` at a time: two keep two cores busy. */
export async function inLanes<T>(
  items: Iterable<T>,
  lanes: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const run = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await task(next.value);
  };
  await Promise.all(Array.from({ length: lanes }, run));
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => existsSync(join(directory, program)));
}
