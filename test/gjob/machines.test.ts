import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type MachineFacts, machineFiles } from '../helpers/machine-files.js';
import { waitFor } from '../helpers/wait-for.js';
import { GjobHost, run, signal } from './bridge-client.js';

const LOGIN1: MachineFacts = { boot: 'boot-1', machineId: '1'.repeat(32), hostname: 'login1', pids: 'a' };
const LOGIN2: MachineFacts = { boot: 'boot-2', machineId: '2'.repeat(32), hostname: 'login2', pids: 'b' };

interface Case {
  readonly title: string;
  readonly first?: Partial<MachineFacts>;
  readonly next: MachineFacts;
  /** What becomes of the first machine's agent meanwhile. @default 'lives' */
  readonly agent?: 'lives' | 'is killed' | 'has ended' | 'is killed, and its helper was an older one';
  readonly expected: 'the same agent' | 'the next agent' | 'refused';
}

const rebooted = { ...LOGIN1, boot: 'boot-1b', pids: 'c' };

const CASES: readonly Case[] = [
  { title: 'another machine', next: LOGIN2, expected: 'refused' },
  { title: 'another machine', agent: 'is killed', next: LOGIN2, expected: 'refused' },
  { title: 'another machine', agent: 'has ended', next: LOGIN2, expected: 'the next agent' },
  {
    title: 'a clone with the same machine-id',
    next: { ...LOGIN2, machineId: LOGIN1.machineId },
    expected: 'refused',
  },
  {
    title: 'another machine of the same name',
    next: { ...LOGIN2, hostname: LOGIN1.hostname },
    expected: 'refused',
  },
  { title: 'the machine itself', next: LOGIN1, expected: 'the same agent' },
  { title: 'the machine itself', agent: 'is killed', next: LOGIN1, expected: 'the next agent' },
  { title: 'the machine under a new name', next: { ...LOGIN1, hostname: 'new' }, expected: 'the same agent' },
  {
    title: 'the machine under a new name',
    agent: 'is killed',
    next: { ...LOGIN1, hostname: 'new' },
    expected: 'the next agent',
  },
  { title: 'the machine after a reboot', agent: 'is killed', next: rebooted, expected: 'the next agent' },
  {
    title: 'the machine under a new name after a reboot',
    agent: 'is killed',
    next: { ...rebooted, hostname: 'new' },
    expected: 'refused',
  },
  {
    title: 'a container that was restarted',
    agent: 'is killed',
    next: { ...LOGIN1, pids: 'b' },
    expected: 'the next agent',
  },
  {
    title: 'another container on the same kernel',
    agent: 'is killed',
    next: { ...LOGIN1, hostname: 'other', pids: 'b' },
    expected: 'refused',
  },
  {
    title: 'another machine',
    agent: 'is killed, and its helper was an older one',
    next: LOGIN2,
    expected: 'the next agent',
  },
  ...[null, ''].flatMap((machineId): Case[] => [
    {
      title: `a machine with ${machineId === null ? 'no' : 'an empty'} machine-id after a reboot`,
      first: { machineId },
      agent: 'is killed',
      next: { ...rebooted, machineId },
      expected: 'the next agent',
    },
    {
      title: `another machine, both with ${machineId === null ? 'no' : 'an empty'} machine-id`,
      first: { machineId },
      next: { ...LOGIN2, machineId },
      expected: 'refused',
    },
  ]),
];

for (const { title, first, next, agent = 'lives', expected } of CASES)
  test.serial(`${title}, when the agent ${agent}: ${expected}`, async (t) => {
    const { host, moveTo } = await begin(t, { ...LOGIN1, ...first });
    if (agent !== 'lives') await endAgent(host, agent);
    const before = await listOf(host);
    const there = await moveTo(next);
    const bridge = there.bridge();
    if (expected !== 'refused') {
      await bridge.ask('slots\t2');
      t.deepEqual(bridge.find('V').length, expected === 'the same agent' ? 1 : 2, bridge.stderr);
      return;
    }
    t.is(await bridge.close(), 7, bridge.greeting);
    t.is(bridge.greeting, '');
    t.is(
      bridge.stderr,
      `gjob: the agent of host-1/batch-1 is on ${name({ ...LOGIN1, ...first })}, and this is ${name(next)}\n`,
    );
    t.deepEqual(await listOf(host), before);
  });

test.serial("a job of another machine is nobody else's to kill, delete, forget or clean up", async (t) => {
  const { host, moveTo } = await begin(t, LOGIN1);
  const other = await moveTo(LOGIN2);
  const by = ['kill', 'pause', 'delete'].map((verb) => [verb, '1.1']);
  const env = { ...other.options.env, GJOB_ROOT: host.root };
  const there = host.beside(t, { env });
  for (const words of [...by, ['forget', host.root, 'host-1', 'batch-1'], ['start', '1.1', 'true']]) {
    const { code, stderr } = await there.call(words);
    t.is(code, 7, words.join(' '));
    t.regex(stderr, /^gjob: the agent of host-1\/batch-1 is on login1 .*, and this is login2 .*\n$/);
  }
  t.is((await there.ask('status', '1.1\n')).stdout.toString(), '1.1\tunknown\n');
  const gc = async (...words: string[]) => (await there.call(['gc', host.root, ...words])).stdout.toString();
  for (const words of [['older=0'], ['host-1/batch-1'], ['force'], ['dry-run', 'older=0']])
    t.regex(
      await gc(...words),
      /^batch\tkept\thost-1\/batch-1\telsewhere: the agent is on login1 /,
      words.join(' '),
    );
  t.is((await host.processes('agent')).length, 1);
  const forced = await gc('force', 'host-1/batch-1');
  t.regex(forced, /^batch\tremoved\thost-1\/batch-1\tforced: .*login1.* what runs there was not ended\t/);
  t.false((await readdir(host.root)).includes('host-1'));
});

test.serial('a bridge of another machine never replaces an agent that dies while it is there', async (t) => {
  const { host, moveTo } = await begin(t, LOGIN1);
  const other = await moveTo(LOGIN2);
  t.is(await other.bridge().close(), 7);
  const bridge = host.bridge();
  await bridge.ask('slots\t1');
  for (const pid of await host.processes('agent')) signal(pid, 'SIGKILL');
  t.is(await other.bridge().close(), 7);
  await waitFor(() => bridge.find('V').length === 2, { limitMs: 60_000, what: 'the next agent' });
  await writeFile(join(host.root, 'gate'), '');
  t.is((await bridge.event('X', '1.1'))[4], '0');
  t.is(await readFile(join(host.root, 'witness'), 'utf8'), 'ran\n');
});

/** A machine on which a job runs, and what leads to the same root from elsewhere. */
async function begin(t: ExecutionContext, facts: MachineFacts) {
  const place = await GjobHost.create(t);
  const env = await machineFiles(join(place.root, 'first'), facts);
  const host = place.beside(t, { env });
  const bridge = host.bridge();
  const job = `echo ran >> ${host.root}/witness; until [ -e ${host.root}/gate ]; do sleep 0.1; done`;
  await bridge.ask(run('1.1', job));
  await bridge.event('S', '1.1');
  bridge.kill();
  await waitFor(async () => (await host.processes('bridge')).length === 0, { what: 'the end of the bridge' });
  const moveTo = async (next: MachineFacts) => {
    // The same pids are those of the same file.
    const pids = next.pids === facts.pids && { GJOB_PID_SPACE_FILE: env.GJOB_PID_SPACE_FILE ?? '' };
    return place.beside(t, { env: { ...(await machineFiles(join(place.root, 'next'), next)), ...pids } });
  };
  return { host, moveTo };
}

async function endAgent(host: GjobHost, how: Exclude<Case['agent'], 'lives' | undefined>): Promise<void> {
  const record = join(host.directory, 'agent.1');
  if (how === 'has ended') {
    const bridge = host.bridge();
    await writeFile(join(host.root, 'gate'), '');
    await bridge.event('X', '1.1');
    await bridge.ask('quit');
    await waitFor(async () => /\nended\n/.test(await readFile(record, 'utf8')), {
      what: 'the end of the agent',
    });
    bridge.kill();
    return;
  }
  for (const pid of await host.processes('agent')) signal(pid, 'SIGKILL');
  await waitFor(async () => (await host.processes('agent')).length === 0, { what: 'the end of the agent' });
  if (how === 'is killed') return;
  const [line = ''] = (await readFile(record, 'utf8')).split('\n');
  await writeFile(record, `${line}\n`);
}

/** Agents, and frames for them. */
const listOf = async ({ directory }: GjobHost) =>
  [
    ...(await readdir(directory)).filter((file) => file.startsWith('agent.')),
    ...(await readdir(join(directory, 'in'))),
  ].sort();

const name = ({ hostname, machineId }: MachineFacts) => `${hostname} (machine-id ${machineId || '-'})`;
