import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { waitFor } from '../helpers/wait-for.js';
import { type BridgeClient, GjobHost, run, signal } from './bridge-client.js';

const jobs = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}.1`);

/** Says in a file of the root that it ran; ends once `gate` exists. */
const gated = (host: GjobHost, id: string) =>
  `echo ${id} >> ${host.root}/witness; until [ -e ${host.root}/gate ]; do sleep 0.3; done`;

const witnesses = async (host: GjobHost) =>
  (await readFile(join(host.root, 'witness'), 'utf8').catch(() => '')).split('\n').filter(Boolean).sort();

/** How often each attempt's end was told, in the whole event file. */
async function ends(host: GjobHost, kind = 'X'): Promise<string[]> {
  const events = await readFile(join(host.directory, 'events'), 'utf8');
  return events
    .split('\n')
    .filter((line) => line.startsWith(`${kind}\t`))
    .map((line) => line.split('\t')[1] ?? '')
    .sort();
}

async function agentPid(host: GjobHost): Promise<number> {
  const pids = await host.processes('agent');
  if (pids.length !== 1 || !pids[0]) throw new Error(`${pids.length} agents`);
  return pids[0];
}

test.serial('a thousand requests for one attempt over two bridges start it once', async (t) => {
  const host = await GjobHost.create(t);
  const bridges: [BridgeClient, BridgeClient] = [host.bridge(), host.bridge()];
  for (let i = 0; i < 500; i++)
    for (const bridge of bridges) bridge.send(run('1.1', `echo 1 >> ${host.root}/witness`));
  await Promise.all(bridges.map((bridge) => bridge.ask('slots\t2')));
  await Promise.all(bridges.map((bridge) => bridge.event('X', '1.1')));
  t.deepEqual(await witnesses(host), ['1']);
  t.deepEqual(await ends(host), ['1.1']);
});

test.serial('fifty bridges at once have one agent', async (t) => {
  const host = await GjobHost.create(t);
  const bridges = Array.from({ length: 50 }, () => host.bridge());
  await waitFor(() => bridges.every((bridge) => bridge.greeting !== ''), {
    limitMs: 100_000,
    what: '50 greetings',
  });
  t.is(
    (
      await waitFor(
        async () => {
          const pids = await host.processes('agent');
          return pids.length === 1 && pids;
        },
        { what: 'one agent' },
      )
    ).length,
    1,
  );
  t.deepEqual(new Set(bridges.map((bridge) => bridge.greeting)).size, 1);
  t.is((await ends(host, 'V')).length, 1);
});

test.serial('a new bridge goes on where the lost one was read to', async (t) => {
  const host = await GjobHost.create(t);
  const first = host.bridge();
  first.send(...jobs(1, 60).map((id) => run(id, 'sleep 0.02')));
  await waitFor(() => first.find('X').length >= 5, { what: 'some ends' });
  first.kill();
  const seen = [...first.lines];
  const second = host.bridge({ offset: first.bytes });
  const ended = () => [...seen, ...second.lines].filter(([kind]) => kind === 'X').map(([, id]) => id);
  await waitFor(() => ended().length >= 60, { limitMs: 60_000, what: 'all ends' });
  t.deepEqual(ended().sort(), jobs(1, 60).sort());
  t.is(second.find('V').length, 0, 'the agent is the same');
});

test.serial('a killed agent is replaced: what ran is finished once, the backlog goes on', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  const ids = jobs(1, 12);
  await bridge.ask(...ids.map((id) => run(id, gated(host, id))));
  await waitFor(async () => (await witnesses(host)).length === 2, { what: 'two jobs' });
  signal(await agentPid(host), 'SIGKILL');
  await waitFor(() => bridge.find('V').length === 2, { what: 'a new agent' });
  await writeFile(join(host.root, 'gate'), '');
  await waitFor(() => bridge.find('X').length >= 12, { what: 'all ends' });
  t.deepEqual(await witnesses(host), ids.sort());
  t.deepEqual(await ends(host), ids.sort());
  t.deepEqual(
    bridge.find('X').map(([, , , kind, number]) => `${kind} ${number}`),
    ids.map(() => 'code 0'),
  );
});

test.serial('jobs that end while no agent lives are told by the next one', async (t) => {
  const host = await GjobHost.create(t);
  const first = host.bridge();
  await first.ask(run('1.1', gated(host, '1.1')), run('2.1', gated(host, '2.1')), run('3.1', 'exit 3'));
  await waitFor(async () => (await witnesses(host)).length === 2, { what: 'two jobs' });
  first.kill();
  await waitFor(async () => (await host.processes('bridge')).length === 0, { what: 'the end of the bridge' });
  signal(await agentPid(host), 'SIGKILL');
  await writeFile(join(host.root, 'gate'), '');
  await waitFor(async () => (await host.processes('supervisor')).length === 0, {
    what: 'the end of the supervisors',
  });
  t.regex((await host.read('1.1', 'exit')) ?? '', /^code 0 .* end\n$/);
  const second = host.bridge({ offset: first.bytes });
  await waitFor(() => second.find('X').length >= 3, { what: 'all ends' });
  t.deepEqual(await ends(host), ['1.1', '2.1', '3.1']);
  t.is(second.find('X', '3.1')[0]?.[4], '3');
});

test.serial('an agent killed twenty times over runs every job once', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  const ids = jobs(1, 150);
  bridge.send(...ids.map((id) => run(id, `echo ${id} >> ${host.root}/witness; sleep 0.02`)));
  for (let round = 0; round < 20; round++) {
    await waitFor(() => bridge.find('V').length > round, { limitMs: 60_000, what: `agent ${round + 1}` });
    const told = bridge.find('X').length;
    await waitFor(() => bridge.find('X').length > told || told >= 150, { what: 'one more end' });
    for (const pid of await host.processes('agent')) signal(pid, 'SIGKILL');
    bridge.send('slots\t2');
  }
  const told = () => ['X', 'L', 'E', 'V'].map((kind) => `${bridge.find(kind).length} ${kind}`).join(', ');
  const end = waitFor(() => bridge.find('X').length >= 150, { limitMs: 60_000, what: 'all ends' });
  await end.catch(async (error: Error) => {
    const agents = await host.processes('agent');
    throw new Error(`${error.message}: ${told()}, agents ${agents}, bridge said ${bridge.stderr}`);
  });
  t.deepEqual(await witnesses(host), ids.sort());
  t.deepEqual(await ends(host), ids.sort());
});

test.serial('a killed supervisor costs its attempt, and the others go on', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(...jobs(1, 4).map((id) => run(id, gated(host, id))));
  await bridge.event('S', '1.1');
  const [, pid = '', , , supervisor = ''] = ((await host.read('1.1', 'pid')) ?? '').split(' ');
  signal(Number(supervisor), 'SIGKILL');
  t.is((await bridge.event('L', '1.1'))[2], 'supervisor');
  await waitFor(async () => !(await host.processes()).includes(Number(pid)), { what: 'the end of the job' });
  await writeFile(join(host.root, 'gate'), '');
  await waitFor(() => bridge.find('X').length >= 3, { what: 'the others' });
  t.is(bridge.find('X', '1.1').length, 0);
  t.is((await host.ask('status', '1.1\n')).stdout.toString(), '1.1\terror\tlost\tsupervisor\n');
});

test.serial('what a supervisor still prepares is not lost, however long its inputs take', async (t) => {
  const host = await GjobHost.create(t);
  const holders = ['1.1', '2.1'].map((id) => {
    mkdirSync(host.record(id), { recursive: true });
    writeFileSync(join(host.record(id), 'env'), 'timeout=0\ntree=-\nend\n');
    // As a supervisor does whose agent was killed: it has the right to start, and copies inputs.
    return spawn('bash', ['-c', 'exec 5>pid; echo; read -r _'], { cwd: host.record(id), stdio: 'pipe' });
  });
  t.teardown(() => holders.forEach((holder) => void holder.kill('SIGKILL')));
  await Promise.all(holders.map(({ stdout }) => once(stdout, 'data')));
  const bridge = host.bridge();
  for (const [at, id] of ['1.1', '2.1'].entries()) {
    holders[at]?.kill('SIGKILL');
    t.is((await bridge.event('L', id))[2], 'supervisor');
    // The other one was looked at as often.
    if (at === 0) t.deepEqual(await ends(host, 'L'), ['1.1']);
  }
});

test.serial('after a reboot what ran is lost, what had ended is told, what waited runs', async (t) => {
  const bootIds = await GjobHost.create(t);
  const bootFile = join(bootIds.root, 'boot_id');
  await writeFile(bootFile, '11111111-aaaa\n');
  const host = await GjobHost.create(t, { env: { GJOB_BOOT_ID_FILE: bootFile } });
  const first = host.bridge();
  await first.ask(
    run('1.1', 'exit 4'),
    run('2.1', gated(host, '2.1')),
    run('3.1', gated(host, '3.1')),
    run('4.1', 'exit 5'),
  );
  await first.event('X', '1.1');
  await waitFor(async () => (await witnesses(host)).length === 2, { what: 'two jobs' });
  await host.end();
  await writeFile(bootFile, '22222222-bbbb\n');
  const second = host.bridge();
  t.is((await second.event('L', '2.1'))[2], 'reboot');
  t.is((await second.event('L', '3.1'))[2], 'reboot');
  t.is((await second.event('X', '4.1'))[4], '5');
  t.deepEqual(await ends(host), ['1.1', '4.1']);
});

test.serial('an exit record cut at any byte is never another valid one', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(run('1.1', 'exit 12'));
  await bridge.event('X', '1.1');
  const whole = (await host.read('1.1', 'exit')) ?? '';
  const file = join(host.record('1.1'), 'exit');
  for (let bytes = whole.length - 1; bytes >= 0; bytes--) {
    await truncate(file, bytes);
    const expected =
      bytes === whole.length - 1 ? /^1\.1\terror\tcode\t12\n$/ : /^1\.1\t(unknown|busy\t\d+)\n$/;
    t.regex((await host.ask('status', '1.1\n')).stdout.toString(), expected, `${bytes} bytes`);
  }
});

test.serial('exit records of an older helper are read, and told by the next agent', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(run('1.1', 'echo to stdout'), run('2.1', 'exit 3'));
  for (const id of ['1.1', '2.1']) await bridge.event('X', id);
  await bridge.ask('quit');
  await waitFor(() => bridge.find('Q').length > 0, { what: 'the end of the agent' });
  for (const id of ['1.1', '2.1']) {
    const record = ((await host.read(id, 'exit')) ?? '').split(' ');
    await writeFile(join(host.record(id), 'exit'), `${[...record.slice(0, 7), 'end'].join(' ')}\n`);
  }
  const told = await readFile(join(host.directory, 'events'), 'latin1');
  await writeFile(join(host.directory, 'events'), told.replace(/^X.*\n/gm, ''));
  t.deepEqual(
    (await host.ask('status', '1.1\n2.1\n')).stdout.toString(),
    '1.1\tdone\tcode\t0\n2.1\terror\tcode\t3\n',
  );
  const next = host.bridge();
  await next.ask('slots\t2');
  t.deepEqual((await next.event('X', '1.1')).slice(10), ['1', '0']);
  t.deepEqual((await next.event('X', '2.1')).slice(10), ['0', '0']);
});

test.serial('a record that says what broke its output is an error, whatever the code', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(run('1.1', 'true'));
  await bridge.event('X', '1.1');
  const file = join(host.record('1.1'), 'exit');
  await writeFile(file, (await readFile(file, 'latin1')).replace(' - end', ' nospace end'));
  t.is((await host.ask('status', '1.1\n')).stdout.toString(), '1.1\terror\tlost\tdisk\n');
});

test.serial('a torn line in the event file is ended and what it should have said comes again', async (t) => {
  const host = await GjobHost.create(t);
  const first = host.bridge();
  await first.ask(run('1.1', 'exit 6'));
  await first.event('X', '1.1');
  await host.end();
  const file = join(host.directory, 'events');
  const text = await readFile(file, 'utf8');
  await truncate(file, text.lastIndexOf('\tcode') + 4);
  const second = host.bridge();
  t.is((await second.event('V', '1')).length, 4);
  await waitFor(() => second.find('X', '1.1').some((line) => line.length === 15), {
    what: 'the end, told again',
  });
  t.true(
    second.lines.every((line) => /^[VBSXELPQ]$/.test(line[0] ?? '')),
    'every line stands alone',
  );
});

test.serial('a frame cut short on disk starts nothing', async (t) => {
  const host = await GjobHost.create(t);
  await mkdir(join(host.directory, 'in'), { recursive: true });
  await writeFile(join(host.directory, 'in', '1.1.000001'), `${run('1.1', 'true')}\n${run('2.1', 'true')}`);
  const bridge = host.bridge();
  await bridge.ask(run('3.1', 'true'));
  await bridge.event('X', '3.1');
  t.deepEqual(await ends(host), ['3.1']);
});

test.serial('quit ends agent and supervisors once all is done; stop ends everything at once', async (t) => {
  for (const word of ['quit', 'stop']) {
    const host = await GjobHost.create(t);
    const bridge = host.bridge();
    await bridge.ask(...jobs(1, 3).map((id) => run(id, word === 'stop' ? 'sleep 60' : 'true')));
    await bridge.ask(word);
    await waitFor(() => bridge.find('Q').length > 0, { what: 'the end of the agent' });
    t.is(bridge.find('X').length, 3);
    await bridge.close();
    await waitFor(async () => (await host.processes()).length === 0, { what: 'the end of all processes' });
    t.deepEqual(await readdir(join(host.directory, 'in')), []);
  }
});

test.serial('an agent without a FIFO ends at once instead of reading nothing for ever', async (t) => {
  const host = await GjobHost.create(t);
  // An agent begins in its batch's directory.
  await writeFile(join(host.root, 'store'), `${'0'.repeat(32)} -\n`);
  await writeFile(join(host.root, 'mail'), '');
  const { code, stderr } = await host.call(['agent']);
  t.is(code, 3);
  t.regex(stderr.toString(), /no FIFO/);
});

test.serial('an idle agent ends by itself and comes back with the next request', async (t) => {
  const host = await GjobHost.create(t, { env: { GJOB_IDLE: '1' } });
  const bridge = host.bridge();
  await bridge.ask(run('1.1', 'true'));
  await waitFor(() => bridge.find('Q').length > 0, { what: 'the end of the agent' });
  await waitFor(async () => (await host.processes('agent')).length === 0, { what: 'no agent' });
  await bridge.ask(run('2.1', 'true'));
  await bridge.event('X', '2.1');
  t.is(bridge.find('V').length, 2);
  t.deepEqual(await ends(host), ['1.1', '2.1']);
});
