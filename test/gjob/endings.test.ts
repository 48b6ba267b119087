import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, readlink, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import { sshdTest } from '../helpers/tiers.js';
import { waitFor } from '../helpers/wait-for.js';
import { type BridgeClient, GjobHost, run, signal } from './bridge-client.js';

const LIMIT = { limitMs: 60_000 };

/** Pids of live processes in whose environment this word occurs, wherever they are. Read at one go. */
function marked(word: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => environmentOf(pid).includes(word)).map(Number);
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return ''; // it went meanwhile, or is not ours
  }
}

/** Waits until the job said `ready` so often. */
async function ready(host: GjobHost, attempt: string, times: number): Promise<void> {
  const said = async () => ((await host.read(attempt, 'log')) ?? '').split('ready').length > times;
  await waitFor(said, { ...LIMIT, what: `${times} times "ready"` });
}

const endOf = async (bridge: BridgeClient, attempt: string) => (await bridge.event('X', attempt)).slice(2, 5);

/** Fields of an `X` that names nobody who did not end. */
const WHOLE = 15;

test.serial(
  'an attempt that waits is taken back at once, also one held back, and no word brings it back',
  async (t) => {
    const host = await GjobHost.create(t);
    const bridge = host.bridge({ slots: 1 });
    await bridge.ask(
      run('1.1', 'sleep 60'),
      run('2.1', 'echo ran > witness'),
      run('3.1', 'echo ran > witness'),
      'pause\t3.1',
    );
    await bridge.event('S', '1.1');
    await bridge.ask('recall\t2.1', 'recall\t3.1', 'recall\t2.1', 'recall\t1.1', 'recall\t9.1');
    t.deepEqual(await endOf(bridge, '2.1'), ['0', 'recalled', '0']);
    t.deepEqual(await endOf(bridge, '3.1'), ['0', 'recalled', '0']);
    t.regex((await host.read('2.1', 'exit')) ?? '', /^recalled 0 \d+ 0 0 0 0 0 0 - end\n$/);
    await bridge.ask(run('2.1', 'echo ran > witness'), 'unpause\t3.1', 'kill\t1.1', run('4.1', 'true'));
    await bridge.event('X', '4.1');
    t.deepEqual(
      bridge
        .find('X')
        .map(([, id]) => id)
        .sort(),
      ['1.1', '2.1', '3.1', '4.1'],
    );
    t.deepEqual(
      bridge.find('S').map(([, id]) => id),
      ['1.1', '4.1'],
    );
    for (const id of ['2.1', '3.1']) await t.throwsAsync(readFile(join(host.work(id), 'witness')));
  },
);

test.serial(
  'of a thousand attempts taken back while they start, each ran or was recalled, never both',
  async (t) => {
    const host = await GjobHost.create(t);
    const bridge = host.bridge({ slots: 2 });
    const ids = Array.from({ length: 300 }, (_, at) => `${at + 1}.1`);
    for (let from = 0; from < ids.length; from += 30) {
      const part = ids.slice(from, from + 30);
      bridge.send(...part.map((id) => run(id, `echo ${id} >> ${host.root}/witness`)));
      bridge.send(...part.map((id) => `recall\t${id}`));
    }
    await waitFor(() => bridge.find('X').length >= ids.length, { limitMs: 60_000, what: 'all ends' });
    const ran = (await readFile(join(host.root, 'witness'), 'latin1')).trim().split('\n').sort();
    const kinds = new Map(bridge.find('X').map(([, id = '', , kind]) => [id, kind]));
    t.deepEqual(ran, ids.filter((id) => kinds.get(id) === 'code').sort());
    t.is([...kinds.values()].filter((kind) => kind === 'recalled').length, ids.length - ran.length);
    t.is(bridge.find('X').length, ids.length);
  },
);

test.serial('the signal before the time limit comes once, in time to save something', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge({ slots: 3 });
  const saver = 'trap "echo saved; exit 3" USR1; while :; do sleep 0.1; done';
  const counter = 'trap "echo warned" USR1; while :; do sleep 0.1; done';
  await bridge.ask(
    run('1.1', saver, { timeout: '60:USR1:59' }),
    run('2.1', counter, { timeout: '4:USR1:3' }),
    run('3.1', 'sleep 60', { timeout: '60:NOSUCH:3' }),
  );
  t.deepEqual((await endOf(bridge, '1.1')).slice(1), ['code', '3']);
  t.is(await host.read('1.1', 'log'), 'saved\n');
  t.deepEqual((await endOf(bridge, '2.1')).slice(1), ['timeout', '15']);
  t.is(await host.read('2.1', 'log'), 'warned\n');
  t.is(bridge.find('E', '3.1')[0]?.[2], 'request');
});

test.serial('a new agent keeps the time limit and its signal, and does not repeat it', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  const counter = 'trap "echo ready" USR1; while :; do sleep 0.1; done';
  await bridge.ask(run('1.1', counter, { timeout: '8:USR1:7' }));
  await ready(host, '1.1', 1);
  for (const pid of await host.processes('agent')) signal(pid, 'SIGKILL');
  t.deepEqual((await endOf(bridge, '1.1')).slice(1), ['timeout', '15']);
  t.is(await host.read('1.1', 'log'), 'ready\n');
});

test.serial('a job that ends by itself leaves what it put aside alone', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(run('1.1', 'setsid sleep 300 & exit 0'));
  t.deepEqual((await endOf(bridge, '1.1')).slice(1), ['code', '0']);
  const [store] = (await readFile(join(host.directory, 'store'), 'latin1')).split(' ');
  t.is(marked(`GPOOL_MARK=${store}.1.1\0`).length, 1);
});

test.serial('who is told to end ends with all that it started, in whatever session', async (t) => {
  const host = await GjobHost.create(t, { env: { GJOB_GRACE: '2' } });
  const bridge = host.bridge({ slots: 3 });
  const word = `MARK=${host.root}`;
  const tree = [
    'setsid bash -c "sleep 300 & echo ready; wait" &',
    '(setsid bash -c "cd /; sleep 300 & echo ready" &) &',
    'setsid bash -c "setsid env -i MARK=$MARK sleep 300 & echo ready; wait" &',
    'sleep 300 & wait',
  ].join('\n');
  const env = { MARK: host.root };
  await bridge.ask(
    run('1.1', tree, { env }),
    run('2.1', tree, { env, timeout: 3 }),
    run('3.1', tree, { env }),
  );
  for (const id of ['1.1', '2.1', '3.1']) await ready(host, id, 3);
  await bridge.ask('kill\t1.1');
  t.deepEqual((await endOf(bridge, '1.1')).slice(1), ['cancelled', '15']);
  t.deepEqual((await endOf(bridge, '2.1')).slice(1), ['timeout', '15']);
  t.true(marked(word).length > 3, 'the third one is not touched');
  await bridge.ask('kill\t3.1');
  t.deepEqual((await endOf(bridge, '3.1')).slice(1), ['cancelled', '15']);
  t.deepEqual(marked(word), []);
  for (const id of ['1.1', '2.1', '3.1']) t.is(bridge.find('X', id)[0]?.length, WHOLE);
});

test.serial(
  'fifty processes in three sessions that do not hear TERM are gone soon after the grace',
  async (t) => {
    const host = await GjobHost.create(t, { env: { GJOB_GRACE: '1' } });
    const bridge = host.bridge();
    const deaf = 'trap "" TERM; for i in $(seq 16); do sleep 300 & done; echo ready; wait; wait; wait';
    const script = `setsid bash -c '${deaf}' &\nsetsid bash -c '${deaf}' &\n${deaf}`;
    await bridge.ask(run('1.1', script, { env: { MARK: host.root } }));
    await ready(host, '1.1', 3);
    t.true(marked(`MARK=${host.root}`).length >= 50);
    await bridge.ask('kill\t1.1');
    t.deepEqual((await endOf(bridge, '1.1')).slice(1), ['cancelled', '9']);
    t.deepEqual(marked(`MARK=${host.root}`), []);
  },
);

test.serial('TERM comes once to each, and a halted one hears it, too', async (t) => {
  const host = await GjobHost.create(t, { env: { GJOB_GRACE: '3' } });
  const bridge = host.bridge();
  const stay = 'trap "echo heard" TERM; echo ready; while :; do sleep 0.1; done';
  const go = 'trap "echo heard; exit 4" TERM; echo ready; while :; do sleep 0.1; done';
  await bridge.ask(run('1.1', `setsid bash -c '${stay}' &\n${go}`));
  await ready(host, '1.1', 2);
  await bridge.ask('pause\t1.1', 'kill\t1.1');
  await bridge.event('X', '1.1');
  t.is((await host.read('1.1', 'log'))?.split('heard').length, 3);
});

test.serial('when its supervisor is killed, all of the job is ended', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(run('1.1', 'setsid sleep 300 & echo ready; sleep 300', { env: { MARK: host.root } }));
  await ready(host, '1.1', 1);
  for (const pid of await host.processes('supervisor')) signal(pid, 'SIGKILL');
  t.is((await bridge.event('L', '1.1'))[2], 'supervisor');
  await waitFor(() => marked(`MARK=${host.root}`).length === 0, { ...LIMIT, what: 'its end' });
});

test.serial('who did not end is told with the end', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  // What the supervisor writes when a process cannot be killed is written by the job here.
  const script =
    'trap "echo 7:disk_wait:D,8:sleep:S > $RECORDS/1.1/survivors; exit" TERM; echo ready; sleep 300 & wait';
  const env = { RECORDS: dirname(host.record('1.1')) };
  await bridge.ask(run('1.1', script, { env }), run('2.1', 'echo 7:x:D > $RECORDS/2.1/survivors', { env }));
  await ready(host, '1.1', 1);
  await bridge.ask('kill\t1.1');
  t.deepEqual((await bridge.event('X', '1.1')).slice(12, -3), ['7:disk_wait:D,8:sleep:S']);
  t.is((await bridge.event('X', '2.1')).length, WHOLE, 'it was not told to end');
});

sshdTest('a process that cannot be killed is named', async (t) => {
  const host = await GjobHost.create(t, { env: { GJOB_GRACE: '1' } });
  const bridge = host.bridge();
  const group = `/sys/fs/cgroup/freezer/gpool-test-${process.pid}`;
  await mkdir(group);
  await bridge.ask(run('1.1', `sleep 300 & echo $! > pid; echo ready; wait`));
  await ready(host, '1.1', 1);
  const pid = (await readFile(join(host.work('1.1'), 'pid'), 'latin1')).trim();
  try {
    await writeFile(`${group}/tasks`, pid);
    await writeFile(`${group}/freezer.state`, 'FROZEN');
    await bridge.ask('kill\t1.1');
    t.regex((await bridge.event('X', '1.1'))[12] ?? '', new RegExp(`^${pid}:sleep:[A-Z]$`));
    t.is(await readlink(`/proc/${pid}/cwd`), host.work('1.1'));
  } finally {
    await writeFile(`${group}/freezer.state`, 'THAWED');
    await waitFor(
      () =>
        rmdir(group).then(
          () => true,
          () => false,
        ),
      { ...LIMIT, what: 'the end of the group' },
    );
  }
});

test.serial('a KILL that comes when memory ran out is told apart', async (t) => {
  const host = await GjobHost.create(t, { env: { GJOB_OOM_FILE: '../../vmstat' } });
  const counter = join(host.root, 'vmstat');
  const count = (n: number) => `printf 'nr 1\\noom_kill ${n}\\nx 2\\n' > ${counter}`;
  await writeFile(counter, 'nr 1\noom_kill 4\nx 2\n');
  const bridge = host.bridge({ slots: 1 });
  bridge.send(
    run('1.1', `kill -9 $$`),
    run('2.1', `${count(5)}; kill -9 $$`),
    run('3.1', `${count(6)}; bash -c 'kill -9 $$'`),
    // The count is read at most every two seconds.
    run('4.1', `${count(7)}; sleep 2.5; exit 1`),
    run('5.1', `kill -9 $$`),
  );
  const ends = await Promise.all(['1.1', '2.1', '3.1', '4.1', '5.1'].map((id) => endOf(bridge, id)));
  t.deepEqual(
    ends.map((end) => end.slice(1).join(' ')),
    ['signal 9', 'oom 9', 'oom 137', 'code 1', 'signal 9'],
  );
});

sshdTest('a job that the kernel kills for want of memory is told as such', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  const group = `/sys/fs/cgroup/memory/gpool-test-${process.pid}`;
  await mkdir(group);
  try {
    await writeFile(`${group}/memory.limit_in_bytes`, String(30 * 1024 * 1024));
    await bridge.ask(run('1.1', `echo $$ > ${group}/tasks; x=$(head -c 200M /dev/zero | tr '\\0' x)`));
    t.is((await endOf(bridge, '1.1'))[1], 'oom');
  } finally {
    await waitFor(
      () =>
        rmdir(group).then(
          () => true,
          () => false,
        ),
      { ...LIMIT, what: 'the end of the group' },
    );
  }
});
