import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { ExecutionContext } from 'ava';
import { type Random, seededRandom } from '../../src/random.js';
import { GjobHost, run } from '../gjob/bridge-client.js';
import { waitFor } from '../helpers/wait-for.js';
import { faultTest, inLanes, pick } from './fault-test.js';
import { FULL, faultSeed } from './harness/effort.js';

const TRIALS = FULL ? 100 : 6;
const PROCESSES = 50;
const GRACE_SECS = 1;

faultTest(
  'of fifty processes in three sessions, deaf to TERM, a killed job leaves none untold',
  [],
  async (t) => {
    const random = seededRandom(faultSeed(t));
    const took: number[] = [];
    await inLanes(Array.from({ length: TRIALS }), 3, async () => {
      took.push(await killTree(t, random));
    });
    t.log(
      `${TRIALS} trees; the end was told after ${Math.round(Math.max(...took))} ms at most, the grace is ${GRACE_SECS} s`,
    );
  },
);

/** Answers how long it took, in milliseconds, from the word to the news. */
async function killTree(t: ExecutionContext, random: Random): Promise<number> {
  const host = await GjobHost.create(t, { env: { GJOB_GRACE: String(GRACE_SECS) } });
  const bridge = host.bridge();
  const mark = `gpool-mark-${randomBytes(6).toString('hex')}`;
  await bridge.ask(run('1.1', plantTree(mark, random)));
  const all = async () => (await marked(mark)).length >= PROCESSES;
  await waitFor(all, { limitMs: 60_000, what: `${PROCESSES} processes` });
  const asked = performance.now();
  await bridge.ask('kill\t1.1');
  const [, , , kind, , , , , , , , , survivors = ''] = await bridge.event('X', '1.1', 60_000);
  const took = performance.now() - asked;
  t.is(kind, 'cancelled');
  const told = survivors.split(',').map((survivor) => Number(survivor.split(':')[0]));
  t.deepEqual(
    (await marked(mark)).filter((pid) => !told.includes(pid)),
    [],
  );
  await host.end();
  return took;
}

/** How a process may try to get lost: with or without its environment, its parent, its session. */
const WAYS = [
  (mark: string) => `(trap "" TERM; exec -a ${mark} sleep 300) &`,
  (mark: string) => `(trap "" TERM; exec -c -a ${mark} sleep 300) &`,
  (mark: string) => `((trap "" TERM; exec -a ${mark} sleep 300) &)`,
  (mark: string) => `((trap "" TERM; exec -c -a ${mark} sleep 300) &)`,
  (mark: string) => `(trap "" TERM; exec setsid bash -c "exec -c -a ${mark} sleep 300") &`,
];

/** A script whose processes are spread over its own session and two more; it may hear TERM itself, and be gone first. */
function plantTree(mark: string, random: Random): string {
  const sessions: string[][] = [[], [], []];
  for (let n = 0; n < PROCESSES; n++)
    sessions[pick(random, 3)]?.push(WAYS[pick(random, WAYS.length)]?.(mark) ?? '');
  const [own = [], ...others] = sessions;
  const deaf = 'trap "" TERM';
  const aside = others.map(
    (lines) => `setsid bash -c '${[deaf, ...lines, 'wait', 'sleep 300'].join('\n')}' &`,
  );
  return [...aside, ...own, ...(random() < 0.5 ? [deaf] : []), 'wait', 'sleep 300'].join('\n');
}

/** Pids of the processes that bear this name. */
async function marked(mark: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const names = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')),
  );
  return pids.filter((_, at) => names[at]?.startsWith(`${mark}\0`)).map(Number);
}
