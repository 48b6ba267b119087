import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { seededRandom } from '../../src/random.js';
import { type BridgeClient, GjobHost, run } from '../gjob/bridge-client.js';
import { waitFor } from '../helpers/wait-for.js';
import { shuffled } from './fault-test.js';
import { faultSeed } from './harness/effort.js';

const LIMIT_MS = 120_000;

/** A script that leaves a line when it runs. */
const testifies = (host: GjobHost, id: string) => `echo ${id} >> ${host.root}/witness; exit 12`;

async function ran(host: GjobHost): Promise<string[]> {
  const text = await readFile(join(host.root, 'witness'), 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean);
}

/** The end that was told of each attempt: an exit with its code, or a loss with its reason. */
function ends(bridge: BridgeClient): ReadonlyMap<string, string> {
  const exits = bridge.find('X').map(([, id = '', , kind, code]) => [id, `${kind} ${code}`] as const);
  const losses = bridge.find('L').map(([, id = '', reason]) => [id, `lost ${reason}`] as const);
  return new Map([...exits, ...losses]);
}

test.serial(
  'a thousand attempts that two controllers start at once, in any order, run once each',
  async (t) => {
    t.timeout(LIMIT_MS);
    const random = seededRandom(faultSeed(t));
    const host = await GjobHost.create(t);
    const ids = Array.from({ length: 1000 }, (_, at) => `${at + 1}.1`);
    const bridges = [host.bridge({ slots: 4 }), host.bridge({ slots: 4 })] as const;
    const sent = bridges.map(async (bridge) => {
      const order = shuffled(ids, random);
      while (order.length > 0)
        await bridge.ask(...order.splice(0, 1 + random() * 40).map((id) => run(id, testifies(host, id))));
    });
    await Promise.all(sent);
    for (const bridge of bridges)
      await waitFor(() => ends(bridge).size === ids.length, { limitMs: LIMIT_MS, what: 'all ends' });
    t.deepEqual((await ran(host)).sort(), ids.toSorted());
    t.deepEqual(bridges[0].find('X'), bridges[1].find('X'), 'both are told the same');
    t.true(bridges[0].find('X').every(([, , , kind, code]) => kind === 'code' && code === '12'));
  },
);

/** The records of an attempt that ran to its end, and what the agent makes of them when they were cut. */
interface CutCase {
  readonly file: 'env' | 'pid' | 'exit';
  /** Files of the record besides the one that is cut. */
  readonly others: readonly string[];
  /** What may be told of an attempt whose record is so short. */
  readonly allowed: readonly string[];
  /** Whether the attempt may be told of as of old when only the newline is missing. */
  readonly whole: string;
}

const CUTS: readonly CutCase[] = [
  { file: 'exit', others: ['env', 'pid'], allowed: ['lost supervisor'], whole: 'code 12' },
  { file: 'pid', others: ['env'], allowed: ['lost supervisor'], whole: 'lost supervisor' },
  { file: 'pid', others: ['env', 'exit'], allowed: ['code 12'], whole: 'code 12' },
  { file: 'env', others: ['pid', 'exit'], allowed: ['code 12'], whole: 'code 12' },
];
for (const { file, others, allowed, whole } of CUTS) {
  test.serial(
    `${file} cut at any byte beside ${others.join(', ')} is no record or the true one`,
    async (t) => {
      const { host, size, bridge } = await cutRecords(t, file, others);
      await waitFor(() => ends(bridge).size === size, { limitMs: LIMIT_MS, what: 'what became of all' });
      for (const [id, end] of ends(bridge))
        t.true((id === `${size}.1` ? [whole] : allowed).includes(end), `${id}: ${end}`);
      await bridge.ask(...[...ends(bridge).keys()].map((id) => run(id, testifies(host, id))));
      await bridge.ask('slots\t2');
      t.deepEqual(await ran(host), [], 'none of them runs again');
    },
  );
}

test.serial('a request whose record was cut at any byte runs once when it is asked for again', async (t) => {
  const { host, size, bridge } = await cutRecords(t, 'env', []);
  const ids = Array.from({ length: size }, (_, at) => `${at + 1}.1`);
  for (let twice = 0; twice < 2; twice++) await bridge.ask(...ids.map((id) => run(id, testifies(host, id))));
  await waitFor(() => ends(bridge).size === size, { limitMs: LIMIT_MS, what: 'all ends' });
  // The last one was whole: it is the model's request, and leaves its line there.
  t.deepEqual((await ran(host)).sort(), ids.slice(0, -1).sort());
});

/** A host whose attempt n has one file of a true record cut to its first n - 1 bytes; its last lacks the newline alone. */
async function cutRecords(t: ExecutionContext, file: string, others: readonly string[]) {
  const model = await GjobHost.create(t);
  const first = model.bridge();
  await first.ask(run('1.1', testifies(model, '1.1')));
  await first.event('X', '1.1');
  await model.end();
  const host = await GjobHost.create(t);
  const whole = await readFile(join(model.record('1.1'), file));
  for (let bytes = 0; bytes < whole.length; bytes++) {
    const id = `${bytes + 1}.1`;
    await mkdir(host.record(id), { recursive: true });
    await mkdir(host.work(id), { recursive: true });
    for (const other of others)
      await writeFile(join(host.record(id), other), await readFile(join(model.record('1.1'), other)));
    await writeFile(join(host.record(id), file), whole.subarray(0, bytes));
  }
  const bridge = host.bridge();
  await bridge.ask('slots\t2');
  return { host, bridge, size: whole.length };
}
