import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { waitFor } from '../helpers/wait-for.js';
import { GjobHost, run, signal } from './bridge-client.js';

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Says in a file of the root that it ran, and leaves something behind. */
const leaver = (host: GjobHost, id: string) => `echo ${id} >> ${host.root}/witness; echo x > left; echo out`;

const witnesses = async (host: GjobHost) =>
  (await readFile(join(host.root, 'witness'), 'utf8').catch(() => '')).split('\n').filter(Boolean).sort();

const isGone = (host: GjobHost, id: string) => async () => !(await isThere(host.work(id)));

test.serial(
  'a cleared attempt keeps its record, its end and nothing else, and does not run again',
  async (t) => {
    const host = await GjobHost.create(t);
    const bridge = host.bridge();
    await bridge.ask(run('1.1', leaver(host, '1.1')));
    await bridge.event('X', '1.1');
    await bridge.ask('clear\t1.1');
    await waitFor(isGone(host, '1.1'), { what: 'the end of its working directory' });
    await waitFor(async () => (await host.read('1.1', 'log')) === null, { what: 'the end of its outputs' });
    t.deepEqual((await readdir(host.record('1.1'))).sort(), ['env', 'exit', 'pid']);
    t.is(String((await host.ask('status', '1.1\n')).stdout), '1.1\tdone\tcode\t0\n');
    t.is(String((await host.ask('fetch', '1.1\tlog\t0\t99\n')).stdout), '1.1\tlog\t-1\t0\n\n');
    t.is(String((await host.ask('manifest', 'left\n', '1.1')).stdout), 'cleared\n');
    await bridge.ask(run('1.1', leaver(host, '1.1')), run('2.1', leaver(host, '2.1')));
    await bridge.event('X', '2.1');
    t.deepEqual(await witnesses(host), ['1.1', '2.1']);
    t.is(bridge.find('X', '1.1').length, 1);
  },
);

test.serial('only what has ended is cleared, whatever else stands in the line', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge({ slots: 1 });
  await bridge.ask(run('1.1', leaver(host, '1.1')), run('2.1', 'echo y > left; sleep 300'));
  await bridge.ask(run('3.1', leaver(host, '3.1')));
  await bridge.event('S', '2.1');
  await bridge.ask('clear\t2.1\t3.1\t../../../witness\t9.9\t\t1.1', 'clear');
  const left = async () => (await readdir(join(host.directory, 'work/0'))).sort();
  await waitFor(async () => !(await left()).includes('1.1'), { what: 'the end of its working directory' });
  await waitFor(async () => !(await left()).includes('1.1.job'), { what: 'the end of its script' });
  t.deepEqual(await left(), ['2.1', '2.1.job', '3.1', '3.1.job']);
  await bridge.ask('kill\t2.1');
  await bridge.event('X', '3.1');
  t.deepEqual(await readdir(host.work('3.1')), ['left']);
  t.deepEqual(await witnesses(host), ['1.1', '3.1']);
});

test.serial('a directory that its job has shut is cleared, too', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(run('1.1', 'mkdir -p a/b; touch a/b/c; chmod 0 a/b; chmod 500 a .'));
  await bridge.event('X', '1.1');
  await bridge.ask('clear\t1.1');
  await waitFor(isGone(host, '1.1'), { what: 'the end of its working directory' });
  t.is(String((await host.ask('status', '1.1\n')).stdout), '1.1\tdone\tcode\t0\n');
});

test.serial(
  'an agent and all it started, killed while it removes, run nothing twice and lose no end',
  async (t) => {
    const host = await GjobHost.create(t);
    const bridge = host.bridge();
    const ids = Array.from({ length: 8 }, (_, at) => `${at + 1}.1`);

    const script = (id: string) =>
      `echo ${id} >> ${host.root}/witness; mkdir d; for f in {1..1000}; do : > d/$f; done; echo out`;
    await bridge.ask(...ids.map((id) => run(id, script(id))));
    for (const id of ids) await bridge.event('X', id);
    for (let kills = 1; kills <= 3; kills += 1) {
      const before = await countFiles(host, ids);
      await bridge.ask(`clear\t${ids.join('\t')}`);
      await waitFor(async () => before === 0 || (await countFiles(host, ids)) < before, {
        what: 'a removal',
      });
      for (const pid of await host.processes('agent')) signal(-pid, 'SIGKILL');
      for (const pid of await clearers(host)) signal(pid, 'SIGKILL');
      await waitFor(() => bridge.find('V').length > kills, { limitMs: 60_000, what: 'a new agent' });
    }
    await bridge.ask(...ids.map((id) => run(id, script(id))), run('99.1', leaver(host, '99.1')));
    await bridge.event('X', '99.1');
    t.deepEqual(await witnesses(host), [...ids, '99.1'].sort());
    const told = String((await host.ask('status', `${ids.join('\n')}\n`)).stdout);
    t.is(told, ids.map((id) => `${id}\tdone\tcode\t0\n`).join(''));
    t.true(ids.every((id) => bridge.find('X', id).length === 1));
    await bridge.ask(`clear\t${ids.join('\t')}`);
    for (const id of ids) await waitFor(isGone(host, id), { what: `the end of ${id}` });
    bridge.child.stdin.write('forget\n');
    await waitFor(async () => !(await isThere(host.directory)), { what: 'the end of the batch there' });
  },
);

async function countFiles(host: GjobHost, ids: readonly string[]): Promise<number> {
  const counts = ids.map((id) => readdir(join(host.work(id), 'd')).catch(() => []));
  return (await Promise.all(counts)).reduce((sum, names) => sum + names.length, 0);
}

/** What runs there besides the bridge and what that needs. */
async function clearers(host: GjobHost): Promise<number[]> {
  const commands = (await host.processes()).map(async (pid) => {
    const command = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
    return /^(rm|chmod)\0/.test(command) || command.split('\0')[2] === 'agent' ? [pid] : [];
  });
  return (await Promise.all(commands)).flat();
}
