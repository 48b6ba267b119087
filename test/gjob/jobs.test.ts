import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { waitFor } from '../helpers/wait-for.js';
import { GjobHost, run } from './bridge-client.js';

const fatal = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31];

test.serial('one job runs, is told, and leaves a record', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(run('1.1', 'echo out; echo err >&2; exit 7\n', { env: { A: 'x' } }));
  const ended = await bridge.event('X', '1.1');
  t.regex(bridge.greeting, /^gjob 1 [0-9a-f-]{36} \d+ store=[0-9a-f]{32} from=0$/);
  t.deepEqual(ended.slice(1, 5), ['1.1', '1', 'code', '7']);
  t.deepEqual(ended.slice(10), ['1', '1', 'out=4', 'err=4', 'broken=-']);
  t.is(bridge.lines[0]?.[0], 'V');
  t.is(bridge.find('S', '1.1').length, 1);
  t.is(await host.read('1.1', 'log'), 'out\n');
  t.is(await host.read('1.1', 'err'), 'err\n');
  t.regex((await host.read('1.1', 'exit')) ?? '', /^code 7 \d+ \d+ \d+ \d+ 0 4 4 - end\n$/);
  t.regex((await host.read('1.1', 'pid')) ?? '', /^[0-9a-f-]+ \d+ \d+ 1 \d+ \d+ end\n$/);
});

test.serial('200 jobs over two slots all end once, never more than two at a time', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  const ids = Array.from({ length: 200 }, (_, i) => `${i + 1}.1`);
  for (let i = 0; i < 200; i += 50)
    bridge.send(...ids.slice(i, i + 50).map((id) => run(id, 'exit $((RANDOM % 3))')));
  await waitFor(() => bridge.find('X').length >= 200, { limitMs: 60_000, what: '200 ends' });
  t.deepEqual(
    bridge
      .find('X')
      .map(([, id]) => id)
      .sort(),
    ids.sort(),
  );
  t.is(bridge.find('X').length, 200);
  t.is(bridge.find('S').length, 200);
  t.deepEqual([...new Set(bridge.find('X').map(([, , slot]) => slot))].sort(), ['1', '2']);
});

test.serial('exit codes 0 to 255 come back exactly', async (t) => {
  // 137 would be a sign of want of memory while another test uses it up.
  const host = await GjobHost.create(t, { env: { GJOB_OOM_FILE: '/dev/null' } });
  const bridge = host.bridge();
  const codes = Array.from({ length: 256 }, (_, code) => code);
  bridge.send(...codes.map((code) => run(`${code + 1}.1`, `exit ${code}`)));
  await waitFor(() => bridge.find('X').length >= 256, { limitMs: 60_000, what: '256 ends' });
  for (const code of codes) {
    t.deepEqual(bridge.find('X', `${code + 1}.1`)[0]?.slice(3, 5), ['code', String(code)]);
  }
});

test.serial('every signal that ends a job comes back exactly, and none is ignored there', async (t) => {
  const host = await GjobHost.create(t, { env: { GJOB_OOM_FILE: '/dev/null' } });
  const bridge = host.bridge();
  // bash itself ignores QUIT; sleep does not.
  bridge.send(...fatal.map((n) => run(`${n}.1`, `(sleep 0.05; kill -${n} $$) & exec sleep 30`)));
  await waitFor(() => bridge.find('X').length >= fatal.length, { limitMs: 60_000, what: 'all ends' });
  for (const n of fatal) t.deepEqual(bridge.find('X', `${n}.1`)[0]?.slice(3, 5), ['signal', String(n)]);
  await bridge.ask(run('99.1', 'grep SigIgn /proc/self/status'));
  await bridge.event('X', '99.1');
  t.is(await host.read('99.1', 'log'), 'SigIgn:\t0000000000000000\n');
});

test.serial('a job that stops itself and is killed has died of KILL', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(run('1.1', '(sleep 0.3; kill -KILL $$) & kill -STOP $$'));
  t.deepEqual((await bridge.event('X', '1.1')).slice(3, 5), ['signal', '9']);
});

test.serial(
  "a job sees its own variables, its slot, the account's environment and nothing of gjob's",
  async (t) => {
    const host = await GjobHost.create(t, {
      env: { work: 'mine', line: 'too', LC_ALL: 'C.UTF-8', state: 'yes' },
    });
    const bridge = host.bridge();
    await bridge.ask(
      run('1.1', 'env; ls -l /proc/self/fd; umask; pwd; cat; ps -o nice= -p $$', {
        env: { GPOOL_HOST: 'lab 1', text: 'a\tb\nc\\n"\'$x', wall: '5' },
      }),
    );
    await bridge.event('X', '1.1');
    const log = (await host.read('1.1', 'log')) ?? '';
    const lines = log.split('\n');
    for (const line of [
      'work=mine',
      'line=too',
      'state=yes',
      'LC_ALL=C.UTF-8',
      'GPOOL_HOST=lab 1',
      'GPOOL_SLOT=1',
      'wall=5',
    ]) {
      t.true(lines.includes(line), line);
    }
    t.true(log.includes('text=a\tb\nc\\n"\'$x\n'));
    t.false(/^g_/m.test(log));
    t.is([...log.matchAll(/ -> /g)].length, 4, 'stdin, stdout, stderr and the directory itself');
    t.true(log.includes('0 -> /dev/null'));
    t.true(lines.includes(host.work('1.1')));
  },
);

test.serial('script bytes arrive as they are', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  const hostile = "printf %s '\ta\\n\\\\\"$x`\\c \xff\xfe\x80 %s %b\r'\n# -e \\0101 \\x41\n";
  bridge.send(
    run('1.1', hostile),
    run('2.1', '-e nothing\n'),
    run('3.1', 'echo no newline at the end'),
    run('4.1', '-n'),
  );
  await Promise.all(['1.1', '2.1', '3.1', '4.1'].map((id) => bridge.event('X', id)));
  t.is(await readFile(host.script('1.1'), 'latin1'), hostile);
  t.is(await host.read('1.1', 'log'), '\ta\\n\\\\"$x`\\c \xff\xfe\x80 %s %b\r');
  t.is(bridge.find('X', '2.1')[0]?.[4], '127');
  t.is(await readFile(host.script('3.1'), 'latin1'), 'echo no newline at the end');
  t.is(bridge.find('X', '4.1')[0]?.[4], '127');
});

test.serial('a job that runs too long is ended, and so are those who do not listen', async (t) => {
  const host = await GjobHost.create(t, { env: { GJOB_GRACE: '1' } });
  const bridge = host.bridge({ slots: 3 });
  bridge.send(
    run('1.1', 'sleep 60', { timeout: 1 }),
    run('2.1', 'trap "" TERM; while :; do sleep 0.1; done', { timeout: 1 }),
    run('3.1', '(trap "" TERM; sleep 60) & trap "exit 0" TERM; wait', { timeout: 1 }),
  );
  t.deepEqual((await bridge.event('X', '1.1')).slice(3, 5), ['timeout', '15']);
  t.deepEqual((await bridge.event('X', '2.1')).slice(3, 5), ['timeout', '9']);
  t.deepEqual((await bridge.event('X', '3.1')).slice(3, 5), ['timeout', '15']);
  t.deepEqual(await host.jobProcesses(), []);
});

test.serial('kill ends what runs and what waits; pause and unpause stop and go on', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge({ slots: 1 });
  const state = async (id: string) =>
    (await host.ask('status', `${id}\n`)).stdout.toString().trim().split('\t').slice(1);
  await bridge.ask(
    run('1.1', 'while :; do echo x; sleep 0.02; done'),
    run('2.1', 'echo never > witness'),
    run('3.1', 'true'),
  );
  await bridge.event('S', '1.1');
  await bridge.ask('pause\t1.1', 'pause\t3.1', 'kill\t2.1');
  t.deepEqual(bridge.find('P'), [
    ['P', '1.1', '1'],
    ['P', '3.1', '1'],
  ]);
  t.deepEqual(bridge.find('X', '2.1')[0]?.slice(2, 5), ['0', 'cancelled', '0']);
  await waitFor(async () => (await state('1.1'))[0] === 'paused', { what: 'the pause' });
  t.deepEqual(await state('2.1'), ['error', 'cancelled', '0']);
  const quiet = await host.read('1.1', 'log');
  t.deepEqual(await state('3.1'), ['free']);
  t.is(await host.read('1.1', 'log'), quiet);
  await bridge.ask('unpause\t1.1');
  t.is((await state('1.1'))[0], 'busy');
  await bridge.ask('kill\t1.1', 'kill\t1.1');
  t.deepEqual((await bridge.event('X', '1.1')).slice(3, 5), ['cancelled', '15']);
  t.is(bridge.find('S', '3.1').length, 0);
  await bridge.ask('unpause\t3.1');
  t.deepEqual((await bridge.event('X', '3.1')).slice(3, 5), ['code', '0']);
  await t.throwsAsync(readFile(join(host.work('2.1'), 'witness')));
});

test.serial('a forged exit record does not outlive the job', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(run('1.1', 'cd ../../../jobs/0/1.1 && echo code 0 1 1 1 1 1 end > exit; exit 3'));
  t.deepEqual((await bridge.event('X', '1.1')).slice(3, 5), ['code', '3']);
});

test.serial('a request that makes no sense is refused or dropped', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(
    'nonsense',
    'run\t1.1\tsoon\t-\ttrue',
    'run\t../x\t0\t-\ttrue',
    'kill\t9.9',
    `run\t2.1\t0\t${'0'.repeat(64)}\ttrue`,
    'slots\tmany',
  );
  t.is(bridge.find('E', '1.1')[0]?.[2], 'request');
  t.is(bridge.find('E', '2.1')[0]?.[2], 'tree');
  t.is(bridge.find('E').length, 2);
  t.is((await host.ask('status', '2.1\n')).stdout.toString(), '2.1\terror\tlost\ttree\n');
});

test.serial(
  'the ends of very short jobs are told while a long one that follows them runs, whatever else waits',
  async (t) => {
    const host = await GjobHost.create(t);
    const bridge = host.bridge({ slots: 1 });
    const short = Array.from({ length: 100 }, (_, at) => run(`${at + 1}.1`, 'true'));
    const waiting = Array.from({ length: 100 }, (_, at) => run(`${at + 102}.1`, 'true'));
    await bridge.ask(...short, run('101.1', 'sleep 600'), ...waiting);
    for (let job = 1; job <= 100; job++) await bridge.event('X', `${job}.1`);
    await bridge.event('S', '101.1');
    t.is(bridge.find('X').length, 100);
    await bridge.ask('stop');
    for (let job = 101; job <= 201; job++) await bridge.event('X', `${job}.1`);
    t.is(bridge.find('X').length, 201);
  },
);

test.serial('a failed start of a frame is told by exit 2, a lost stdin ends the bridge', async (t) => {
  const host = await GjobHost.create(t);
  const wrong = await host.ask('bridge', 'hello\n', '1', '0', '0');
  t.is(wrong.code, 2);
  const bridge = host.bridge();
  await bridge.ask(run('1.1', 'sleep 30'));
  await bridge.event('S', '1.1');
  t.is(await bridge.close(), 0);
  t.is((await host.processes('agent')).length, 1);
});

test.serial(
  'a bridge that is told so sends the agent home and takes the batch with it, unless a job runs',
  async (t) => {
    const host = await GjobHost.create(t);
    const first = host.bridge();
    await first.ask(run('1.1', 'exit 0'));
    await first.event('X', '1.1');
    const done = await host.ask('bridge', 'forget\n', '1', '0', '0');
    t.is(done.code, 0, done.stderr);
    t.deepEqual(await readdir(host.root), []);
    t.deepEqual(await host.processes('agent'), []);
    const bridge = host.bridge();
    await bridge.ask(run('2.1', 'sleep 30'));
    await bridge.event('S', '2.1');
    const refused = await host.ask('bridge', 'forget\n', '1', '0', '0');
    t.is(refused.code, 1);
    t.regex(refused.stderr, /2\.1 is busy/);
    t.is((await host.processes('agent')).length, 1);
  },
);

test.serial('every line that makes no sense is answered, and those around it are done', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  const nonsense = [
    'kill\tj1.1',
    'run\tj1.1\t0\t-\t:',
    'frob',
    'slots\t0',
    'pause',
    'clear\t../x',
    'a b\t\xe9',
  ];
  await bridge.ask(...nonsense, run('1.1', 'exit 3'));
  t.is((await bridge.event('X', '1.1'))[4], '3');
  t.deepEqual(
    bridge.find('D').map(([, verb, attempt]) => `${verb} ${attempt}`),
    ['kill j1.1', 'run j1.1', 'frob -', 'slots 0', 'pause -', 'clear -', 'a?b ?'],
  );
});
