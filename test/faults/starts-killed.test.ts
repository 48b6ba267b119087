import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type Random, seededRandom } from '../../src/random.js';
import { GjobHost, run } from '../gjob/bridge-client.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';
import { faultTest, inLanes } from './fault-test.js';
import { FULL, faultSeed } from './harness/effort.js';

/** Which process of a host's helper is killed, and how its calls are told from those of others. */
interface Victim {
  readonly name: 'agent' | 'supervisor' | 'job';
  /** The verb of the process that strace is put before. */
  readonly verb: 'agent' | 'supervisor';
  /** How strace picks the calls: those of the process itself, or of its child about the files of the attempt. */
  readonly filter: (record: string, work: string) => readonly string[];
  readonly trials: number;
}

const OWN = () => [];
const OF_CHILD = (record: string, work: string) => [
  '-f',
  ...paths(join(record, 'log'), join(record, 'err'), work),
];

const VICTIMS: readonly Victim[] = [
  { name: 'agent', verb: 'agent', filter: OWN, trials: 36 },
  { name: 'supervisor', verb: 'supervisor', filter: OWN, trials: 36 },
  { name: 'job', verb: 'supervisor', filter: OF_CHILD, trials: 26 },
];

for (const victim of VICTIMS) {
  faultTest(
    `a start whose ${victim.name} is killed at any call happens or not, and is asked for again in vain`,
    ['strace'],
    async (t) => {
      const random = seededRandom(faultSeed(t));
      const calls = await listCalls(t, victim);
      const chosen = FULL ? calls : sample(calls, victim.trials, random);
      const outcomes = new Map<string, number>();
      const wrong: string[] = [];
      let fired = 0;
      await inLanes(chosen, 6, async (call) => {
        const trial = await killAt(t, victim, call);
        fired += trial.fired ? 1 : 0;
        outcomes.set(trial.end, 1 + (outcomes.get(trial.end) ?? 0));
        wrong.push(...trial.faults.map((fault) => `${call.name} ${call.nth}: ${fault}`));
      });
      t.log(
        `${calls.length} calls, ${chosen.length} tried, ${fired} killed: ${JSON.stringify([...outcomes])}`,
      );
      t.deepEqual(wrong, []);
      t.true(fired >= chosen.length / 2);
    },
  );
}

/** A system call of a process: the how-manieth of its name. */
interface Call {
  readonly name: string;
  readonly nth: number;
}

function sample(calls: readonly Call[], count: number, random: Random): Call[] {
  const step = Math.max(1, calls.length / count);
  const chosen = Array.from(
    { length: Math.min(count, calls.length) },
    (_, at) => calls[Math.floor(at * step + random() * step)],
  );
  return chosen.filter((call) => call !== undefined);
}

/** What the process does from its first call to the end of its first attempt, when nobody harms it. */
async function listCalls(t: ExecutionContext, victim: Victim): Promise<Call[]> {
  const { host, bridge, log } = await begin(t, victim, []);
  await bridge.event('X', '1.1', 60_000);
  await host.end();
  const counts = new Map<string, number>();
  return (await readFile(log, 'utf8')).split('\n').flatMap((line) => {
    const name = /^(?:\d+ +)?([a-z0-9_]+)\(/.exec(line)?.[1];
    // It does not come back from that one.
    if (name === undefined || name === 'exit_group' || name === 'rt_sigreturn') return [];
    const nth = 1 + (counts.get(name) ?? 0);
    counts.set(name, nth);
    return [{ name, nth }];
  });
}

interface Trial {
  readonly fired: boolean;
  /** What was told of the attempt. */
  readonly end: string;
  readonly faults: readonly string[];
}

async function killAt(t: ExecutionContext, victim: Victim, { name, nth }: Call): Promise<Trial> {
  const { host, bridge, log } = await begin(t, victim, ['-e', `inject=${name}:signal=SIGKILL:when=${nth}`]);
  const again = host.bridge();
  const told = () => [...bridge.find('X', '1.1'), ...bridge.find('L', '1.1'), ...bridge.find('E', '1.1')];
  again.send(REQUEST(host));
  try {
    await waitFor(() => told().length > 0, { limitMs: 60_000, what: 'an end' });
    await again.ask(REQUEST(host));
    await again.ask('slots\t1');
    const fired = (await readFile(log, 'utf8')).includes('+++ killed by SIGKILL +++');
    const ran = await readFile(join(host.root, 'witness'), 'utf8').catch(() => '');
    const [kind = '', , slotOrReason = '', how = '', code = ''] = told()[0] ?? [];
    const end = kind === 'X' ? `${how} ${code}` : `${kind} ${slotOrReason}`;
    const faults = [
      ...(told().length === 1 ? [] : [`told of ${told().length} ends: ${JSON.stringify(told())}`]),
      ...(ran === 'ran\n' || (ran === '' && end !== 'code 7')
        ? []
        : [`ran ${JSON.stringify(ran)}, end ${end}`]),
    ];
    return { fired, end, faults };
  } catch (error) {
    return { fired: true, end: 'none', faults: [`${error}; ${again.stderr} ${bridge.stderr}`] };
  } finally {
    await host.end();
  }
}

/** A host whose first process of that kind runs under strace, with one attempt asked for. */
async function begin(t: ExecutionContext, victim: Victim, inject: readonly string[]) {
  const tools = await tempDir(t);
  const bash = join(tools, 'bash');
  const log = join(tools, 'strace.log');
  const host = await GjobHost.create(t, { bash });
  const filter = victim.filter(host.record('1.1'), host.work('1.1'));
  const strace = ['strace', '-qq', '-o', log, ...filter, ...inject].join(' ');
  await writeFile(bash, wrapper(victim.verb, bash, strace, join(tools, 'done')));
  await chmod(bash, 0o700);
  const bridge = host.bridge({ slots: 1 });
  bridge.send(REQUEST(host));
  return { host, bridge, log };
}

/** A bash that puts strace before the first process of one verb; $BASH says it in those that it starts. */
function wrapper(verb: string, self: string, strace: string, done: string): string {
  return `#!/bin/bash
if [[ \${3-} == ${verb} ]] && mkdir ${done} 2>/dev/null; then exec ${strace} /bin/bash "$@"; fi
exec -a ${self} /bin/bash "$@"
`;
}

const REQUEST = (host: GjobHost): string => run('1.1', `echo ran >> ${host.root}/witness; exit 7`);

function paths(...files: readonly string[]): string[] {
  return files.flatMap((file) => ['-P', file]);
}
