import {
  access,
  chmod,
  mkdir,
  readdir,
  readFile,
  readlink,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { hostId } from '../../src/spec/host.js';
import { runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

const LIMIT = { limitMs: 60_000 };

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** A home with a batch in it; the hosts are this machine under several names. */
async function makeHome(t: ExecutionContext) {
  const cwd = await tempDir(t);
  const gpool = (...args: string[]) => runGpool(args, { cwd });
  return { cwd, gpool, root: join(cwd, '.gjob') };
}

/** Ends the controller's process and leaves what it started. */
async function leaveRunning(t: ExecutionContext, cwd: string, command: string): Promise<void> {
  const child = startGpool(['run', '-S', '2/:', '--out', 'left', '--', command], { cwd });
  t.teardown(() => child.kill('SIGKILL'));
  await waitFor(() => isThere(join(cwd, 'started')), { ...LIMIT, what: 'the start of the job' });
  child.kill('SIGKILL');
}

/** Processes of gpool that run under this directory. */
async function processesUnder(root: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => ''));
  return (await Promise.all(places)).filter((place) => place.startsWith(`${root}/`));
}

test.serial(
  'after a batch no process of gpool is left, and --all leaves the host as it was found',
  async (t) => {
    const { cwd, gpool, root } = await makeHome(t);
    await writeFile(join(cwd, 'in.txt'), 'hello\n');
    await writeFile(join(cwd, 'b.yaml'), 'jobs:\n  - commands: cat in.txt\n    files: [in.txt]\n');
    const ran = await gpool('run', '-S', ':', '--out', 'b', 'b.yaml');
    t.is(ran.code, 0, ran.stderr);
    await waitFor(async () => (await processesUnder(root)).length === 0, {
      ...LIMIT,
      what: 'the end of all processes',
    });
    t.deepEqual((await readdir(root)).sort(), ['bin', 'cache']);
    const shown = await gpool('gc', '-n', '--all', 'b');
    t.regex(shown.stdout, /would remove +2 cached inputs/);
    t.true(await isThere(join(root, 'bin')));
    const soft = await gpool('gc', 'b');
    t.regex(soft.stdout, /clean/);
    const cached = await readdir(join(root, 'cache'));
    t.is(cached.filter((name) => !name.startsWith('.')).length, 2, 'what was used lately is kept');
    const cleaned = await gpool('gc', '--all', 'b');
    t.is(cleaned.code, 0, cleaned.stderr);
    t.false(await isThere(root));
    t.regex((await gpool('gc', '--all', 'b')).stdout, /nothing to remove/);
  },
);

test.serial('what runs is kept and named; --force ends it', async (t) => {
  const { cwd, gpool, root } = await makeHome(t);
  await leaveRunning(t, cwd, `touch ${cwd}/started; setsid sleep 300 & sleep 300`);
  const kept = await gpool('gc', '--all', '--older-than', '0', 'left');
  t.is(kept.code, 0, kept.stderr);
  t.regex(kept.stdout, /kept +batch .*running/);
  t.true(kept.stdout.includes(join(cwd, 'left')));
  t.true((await processesUnder(root)).length > 0);
  const forced = await gpool('gc', '--all', '--force', 'left', '--json');
  const { hosts } = JSON.parse(forced.stdout);
  t.deepEqual(
    hosts[0].entries.map(({ kind, removed, why }: Record<string, unknown>) => [kind, removed, why]),
    [
      ['batch', true, 'forced'],
      ['helpers', true, undefined],
      ['root', true, undefined],
    ],
  );
  t.false(await isThere(root));
});

test.serial('what ended but was not fetched is kept until it is, or its time is over', async (t) => {
  const { cwd, gpool, root } = await makeHome(t);
  await leaveRunning(
    t,
    cwd,
    `touch ${cwd}/started; until [ -e ${cwd}/gate ]; do sleep 0.3; done; echo precious`,
  );
  await writeFile(join(cwd, 'gate'), '');
  const show = async () => (await gpool('gc', '-n', 'left')).stdout;
  await waitFor(async () => /kept +batch .*not fetched/.test(await show()), {
    ...LIMIT,
    what: 'the end of the job',
  });
  t.regex((await gpool('gc', '-n', '--older-than', '0', 'left')).stdout, /would remove +batch .*expired/);
  const resumed = await gpool('resume', 'left');
  t.is(resumed.code, 0, resumed.stderr);
  t.deepEqual(await readdir(root), ['bin', 'cache']);
  t.is(await readFile(join(cwd, 'left/jobs/1/1/stdout'), 'utf8').catch(() => ''), 'precious\n');
});

test.serial('a batch that is over here goes, also when its hosts could not be asked then', async (t) => {
  const { cwd, gpool, root } = await makeHome(t);
  await gpool('run', '-S', ':', '--out', 'b', '--', 'echo 1');
  const { id } = JSON.parse(await readFile(join(cwd, 'b/batch.json'), 'utf8'));
  // As a host looks that had gone away before the clean-up.
  const place = join(root, '%3a', id);
  for (const name of ['jobs/0/1.1', 'work', 'in', 'slots'])
    await mkdir(join(place, name), { recursive: true });
  await writeFile(join(place, 'events'), '');
  await writeFile(join(place, 'owner'), `2592000\tme\t${hostname()}\t${join(cwd, 'b')}\n`);
  t.regex((await gpool('gc', 'b')).stdout, /removed +batch .*over and fetched/);
  t.false(await isThere(place));
});

test.serial('only what is ours by its name is removed, and no link is followed', async (t) => {
  const { cwd, gpool, root } = await makeHome(t);
  const canary = join(cwd, 'canary');
  await mkdir(join(canary, 'jobs'), { recursive: true });
  await mkdir(join(canary, 'work'));
  for (const name of ['events', 'precious']) await writeFile(join(canary, name), '');
  await mkdir(join(root, 'host'), { recursive: true });
  await mkdir(join(root, 'cache'));
  await symlink(canary, join(root, 'host', 'batch'));
  await symlink(cwd, join(root, 'link'));
  await writeFile(join(root, 'cache', 'mine.txt'), '');
  const old = join(root, 'cache', 'a'.repeat(64));
  await writeFile(old, '');
  await utimes(old, 1, 1);
  const { stdout } = await gpool('gc', '-S', ':', '--all', '--force');
  t.regex(stdout, /removed +1 cached inputs/);
  t.regex(stdout, /kept .*not of gpool/);
  t.deepEqual((await readdir(canary)).sort(), ['events', 'jobs', 'precious', 'work']);
  t.deepEqual((await readdir(root)).sort(), ['cache', 'host', 'link']);
});

test.serial('a root directory that cannot be ours is refused, and nothing is removed', async (t) => {
  const { cwd, gpool } = await makeHome(t);
  const real = join(cwd, 'real');
  await mkdir(join(real, 'cache'), { recursive: true });
  const entry = join(real, 'cache', 'b'.repeat(64));
  await writeFile(entry, '');
  await symlink(real, join(cwd, '.gjob'));
  const linked = await gpool('gc', '-S', ':', '--all', '--force');
  t.is(linked.code, 4);
  t.regex(linked.stderr, /symbolic link/);
  for (const root of ['/', '~/real/../real', '~/real/cache/../..']) {
    const { code, stderr } = await gpool('gc', '-S', ':', '--all', '--force', '--root', root);
    t.true(code === 4 || code === 3 || code === 2, `${root}: ${code}`);
    t.regex(stderr, /absolute|root/);
  }
  await writeFile(join(cwd, 'file'), '');
  t.regex((await gpool('gc', '-S', ':', '--root', '~/file')).stderr, /no directory/);
  t.true(await isThere(entry));
});

test.serial('a host that cannot be reached is told, and the others are cleaned', async (t) => {
  const { gpool } = await makeHome(t);
  const config = ['-S', ':,nowhere.invalid', '--no-input'];
  const { code, stdout, stderr } = await gpool('gc', ...config);
  t.is(code, 6);
  t.regex(stdout, /clean/);
  t.regex(stderr, /nowhere\.invalid/);
  t.is((await gpool('gc', '-S', 'nowhere.invalid', '--no-input')).code, 4);
  t.is((await gpool('gc', '--older-than', 'soon', '-S', ':')).code, 2);
});

test.serial('helpers and inputs that nobody used for their time go, those in use stay', async (t) => {
  const { cwd, gpool, root } = await makeHome(t);
  await leaveRunning(t, cwd, `touch ${cwd}/started; sleep 300`);
  const [current = ''] = await readdir(join(root, 'bin'));
  const stale = `gjob-${'0'.repeat(64)}`;
  for (const name of [stale, current]) {
    await writeFile(join(root, 'bin', name), '', { flag: 'a' });
    await utimes(join(root, 'bin', name), 1, 1);
  }
  const tree = join(root, 'cache', `tree-${'c'.repeat(64)}`);
  await mkdir(join(tree, 'copy'), { recursive: true });
  await chmod(join(tree, 'copy'), 0o500);
  await utimes(tree, 1, 1);
  const { stdout } = await gpool('gc', 'left');
  t.regex(stdout, /removed +1 helpers/);
  t.regex(stdout, /removed +1 cached inputs/);
  t.deepEqual(await readdir(join(root, 'bin')), [current]);
  await gpool('gc', '--force', '--all', 'left');
});

test.serial('what failed stays on its host by --keep-failed, until gc takes it away', async (t) => {
  const { gpool, root } = await makeHome(t);
  const host = join(root, hostId(':'));
  const batches = () => readdir(host).catch(() => []);
  const [good, bad] = [['true'], ['echo why > trace; exit 3']];
  t.is((await gpool('run', '--keep-failed', '--out', 'good', '--', ...good)).code, 0);
  t.is((await batches()).length, 0);
  t.is((await gpool('run', '--out', 'bad', '--', ...bad)).code, 1);
  t.is((await batches()).length, 0);
  t.is((await gpool('run', '--keep-failed', '--out', 'kept', '--', ...bad)).code, 1);
  const [batch = ''] = await batches();
  t.is(await readFile(join(host, batch, 'work/0/1.1/trace'), 'utf8'), 'why\n');
  await waitFor(async () => (await gpool('gc', 'kept')).code === 0 && (await batches()).length === 0, LIMIT);
  t.pass();
});
