import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { checkLocalCommand } from '../../src/network/shell/commands.js';
import { sshdTest } from '../helpers/tiers.js';
import { waitFor } from '../helpers/wait-for.js';
import { type BridgeClient, GjobHost, type HostOptions, run, signal } from './bridge-client.js';

const BYTES = Buffer.from(Array.from({ length: 512 }, (_, at) => at % 256));
const EVERY_BYTE = 'for i in {0..511}; do printf "\\\\x$(printf %x $((i % 256)))"; done';
const python = (text: string) => `command -v python3 >/dev/null || exit 77; python3 -c '${text}'`;

/** Script, stdout, stderr. */
const PRINTED: readonly (readonly [string, string, string])[] = [
  ['echo 1; echo 2; echo 3 > /dev/stdout; echo 4', '1\n2\n3\n4\n', ''],
  ['echo 1; echo a | tee /dev/stderr; echo 2 >&2', '1\na\n', 'a\n2\n'],
  ['echo 1; echo 2 | sort -o /dev/stdout; echo 3', '1\n2\n3\n', ''],
  ['echo 1; echo x y | awk \'{ print $2 > "/dev/stdout" }\'; echo 3', '1\ny\n3\n', ''],
  [python('print(1, flush=True); open("/dev/stdout", "w").write("2\\n"); print(3)'), '1\n2\n3\n', ''],
  ['echo 1; echo 2 | dd of=/dev/stdout status=none; cp <(echo 3) /dev/stdout; echo 4', '1\n2\n3\n4\n', ''],
  ['echo 1; : > /dev/stdout; : > /proc/self/fd/2; echo 2', '1\n2\n', ''],
  ['exec > /dev/stdout 2> /dev/stderr; echo 1; echo 2 >&2; exec > /dev/fd/2; echo 3', '1\n', '2\n3\n'],
  ['exec 1>&- 2>&-; true', '', ''],
  [
    'for i in 1 2 3 4; do (for n in {1..500}; do echo 12345678; done) & done; wait',
    '12345678\n'.repeat(2000),
    '',
  ],
  ["printf 'a\\0b\\0c\\n\\0'; echo 'a\\0b\\'; printf '\\0' >&2", 'a\0b\0c\n\0a\\0b\\\n', '\0'],
  ["printf '\\0'", '\0', ''],
  [EVERY_BYTE, BYTES.toString('latin1'), ''],
  ['head -c 3000000 /dev/zero', '\0'.repeat(3_000_000), ''],
];

async function printsAll(t: ExecutionContext, options: HostOptions): Promise<void> {
  const host = await GjobHost.create(t, options);
  const bridge = host.bridge();
  const jobs = [...PRINTED, ...PRINTED].map(([script, out, err], at) => ({
    id: `${at + 1}.1`,
    script,
    out,
    err,
  }));
  await bridge.ask(...jobs.map(({ id, script }) => run(id, script)));
  for (const { id, script, out, err } of jobs) {
    const ended = await bridge.event('X', id);
    if (ended[4] === '77') continue;
    t.is((await host.read(id, 'log')) ?? '', out, script);
    t.is((await host.read(id, 'err')) ?? '', err, script);
    t.deepEqual(ended.slice(12), [`out=${out.length}`, `err=${err.length}`, 'broken=-'], script);
  }
}

test.serial('nothing that a job prints is lost, however it opens its outputs', (t) => printsAll(t, {}));

sshdTest('the same for an account that is not root', (t) => printsAll(t, { uid: 65534 }));

sshdTest('a command that a job runs as somebody else can open /dev/stdout', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  const inner = 'echo 2 > /dev/stdout; echo 3 > /dev/stderr';
  await bridge.ask(run('1.1', `echo 1; su nobody -s /bin/bash -c "${inner}"; echo 4`));
  t.deepEqual((await bridge.event('X', '1.1')).slice(3, 5), ['code', '0']);
  t.is(await host.read('1.1', 'log'), '1\n2\n4\n');
  t.is(await host.read('1.1', 'err'), '3\n');
});

test.serial('what is left behind keeps its pipe, and prints into no other job', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge({ slots: 1 });
  const late = (out: string) =>
    `echo now; (until [ -e ${host.root}/gate ]; do sleep 0.3; done; echo late ${out}) ${out} &`;
  await bridge.ask(
    run('1.1', late('>&2')),
    run('2.1', late('2>&1')),
    run('3.1', late('2>/dev/null')),
    run('4.1', 'echo 4'),
  );
  for (const id of ['1.1', '2.1', '3.1', '4.1'])
    t.deepEqual((await bridge.event('X', id)).slice(12, 14), [id === '4.1' ? 'out=2' : 'out=4', 'err=0']);
  await bridge.ask(run('5.1', `touch ${host.root}/gate; sleep 0.3; echo 5`));
  await bridge.event('X', '5.1');
  await waitFor(async () => (await host.read('3.1', 'log')) === 'now\nlate\n', { what: 'the late line' });
  await waitFor(async () => (await host.read('1.1', 'err')) === 'late\n', { what: 'the late line' });
  t.is(await host.read('4.1', 'log'), '4\n');
  t.is(await host.read('5.1', 'log'), '5\n');
});

test.serial('a background process that prints without end does not keep a job from ending', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(run('1.1', 'yes & echo $! > pid; echo begun'), run('2.1', 'echo 2'));
  const ended = await bridge.event('X', '1.1');
  const pid = Number(await readFile(join(host.work('1.1'), 'pid'), 'utf8'));
  t.teardown(() => signal(pid, 'SIGKILL'));
  t.deepEqual(ended.slice(3, 5), ['code', '0']);
  t.is((await bridge.event('X', '2.1'))[12], 'out=2');
  signal(pid, 'SIGKILL');
});

test.serial('what a job prints is there while it runs', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  const wait = `until [ -e ${host.root}/gate ]; do sleep 0.3; done`;
  await bridge.ask(run('1.1', `printf begun; ${wait}; echo`), run('2.1', `seq 9999; printf end; ${wait}`));
  await waitFor(async () => (await host.read('1.1', 'log')) === 'begun', { what: 'a short output' });
  await waitFor(async () => (await host.read('2.1', 'log'))?.endsWith('\nend'), { what: 'a long one' });
  await writeFile(join(host.root, 'gate'), '');
  t.is((await bridge.event('X', '1.1'))[12], 'out=6');
});

const DIES: readonly (readonly ['agent' | 'supervisor', string])[] = [
  ['agent', 'X'],
  ['supervisor', 'L'],
];
for (const [who, letter] of DIES) {
  test.serial(`what a job prints is read to its end when its ${who} is killed`, async (t) => {
    const host = await GjobHost.create(t);
    const bridge: BridgeClient = host.bridge();
    // A session of its own, without what it is known by: it goes on when the job is ended.
    const free = `for i in 1 2 3 4 5; do seq 100000; sleep 0.2; done; touch ${host.root}/through`;
    await bridge.ask(run('1.1', `echo begun; (env -i PATH="$PATH" setsid bash -c '${free}' &); sleep 1`));
    await waitFor(async () => ((await host.read('1.1', 'log')) ?? '').length > 9999, {
      what: 'its beginning',
    });
    for (const pid of await host.processes(who)) signal(pid, 'SIGKILL');
    await bridge.event(letter, '1.1');
    await waitFor(async () => (await stat(join(host.root, 'through')).catch(() => null)) !== null, {
      what: 'its end',
    });
    const whole = 6 + 5 * 588_895;
    await waitFor(async () => (await host.read('1.1', 'log'))?.length === whole, { what: 'all of it' });
    await waitFor(async () => (await host.processes('collector')).length <= 4, {
      what: 'the end of the collector',
    });
    t.pass();
  });
}

test.serial('a killed collector is no success', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge({ slots: 1 });
  await bridge.ask(run('1.1', 'echo begun; sleep 1'));
  await waitFor(async () => (await host.read('1.1', 'log')) === 'begun\n', { what: 'its beginning' });
  for (const pid of await host.processes('collector')) signal(pid, 'SIGKILL');
  t.is((await bridge.event('X', '1.1'))[14], 'broken=collector');
  await bridge.ask(run('2.1', 'echo 2'));
  t.deepEqual((await bridge.event('X', '2.1')).slice(12), ['out=2', 'err=0', 'broken=-']);
});

test.serial('a limit on the size of files that cuts an output is told', async (t) => {
  const limited = join((await GjobHost.create(t)).root, 'limited');
  const host = await GjobHost.create(t, { bash: limited });
  await writeFile(limited, '#!/bin/bash\nulimit -f 100\nexec bash "$@"\n', { mode: 0o700 });
  const bridge = host.bridge();
  await bridge.ask(run('1.1', 'seq 100000'), run('2.1', 'echo 2'), run('3.1', 'seq 100000 >&2; exit 4'));
  t.is((await bridge.event('X', '1.1'))[14], 'broken=filesize');
  t.is((await bridge.event('X', '2.1'))[14], 'broken=-');
  t.is((await bridge.event('X', '3.1'))[14], 'broken=filesize');
});

sshdTest(
  'a disk that fills while a job prints is told, and the job neither waits nor gets a signal',
  async (t) => {
    const host = await GjobHost.create(t);
    await checkLocalCommand(['mount', '-t', 'tmpfs', '-o', 'size=2m', 'gpool-test', host.root]);
    t.teardown(() => checkLocalCommand(['umount', '-l', host.root]));
    const bridge = host.bridge({ slots: 1 });
    await bridge.ask(run('1.1', 'seq 1000000'), run('2.1', 'true'));
    t.deepEqual((await bridge.event('X', '1.1')).slice(3, 5), ['code', '0']);
    t.is(bridge.find('X', '1.1')[0]?.[14], 'broken=nospace');
    t.is((await bridge.event('E', '2.1'))[2], 'disk');
  },
);
