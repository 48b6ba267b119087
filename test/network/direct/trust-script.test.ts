import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, lchown, mkdir, mkdtemp, readdir, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { installHelper } from '../../../src/network/direct/helper-install.js';
import { packagedHelper } from '../../../src/network/direct/packaged-helper.js';
import { TRUST } from '../../../src/network/direct/trust-script.js';
import { createLocalShell } from '../../../src/network/shell/local-shell.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { createAccount } from '../../helpers/test-account.js';
import { sshdTest } from '../../helpers/tiers.js';

const run = promisify(execFile);
const OVERFLOW = 65_534;

interface People {
  readonly directory: string;
  readonly me: { readonly name: string; readonly uid: number; readonly gid: number };
  readonly other: { readonly name: string; readonly uid: number; readonly gid: number };
  /** A group that both are in. */
  readonly lab: number;
}

/** Two accounts and a group, and a directory that everybody may pass through. */
async function meet(t: ExecutionContext): Promise<People> {
  const directory = await tempDir(t);
  await chmod(directory, 0o755);
  const id = randomBytes(3).toString('hex');
  const account = async (who: string) => {
    const made = await createAccount(`gp-${who}-${id}`, join(directory, `home-${who}`), '/bin/bash');
    t.teardown(() => made.remove());
    return { name: made.name, uid: made.uid, gid: Number((await run('id', ['-g', made.name])).stdout) };
  };
  const [me, other] = [await account('me'), await account('other')];
  const group = `gp-lab-${id}`;
  await run('groupadd', [group]);
  t.teardown(() => void run('groupdel', [group]));
  for (const { name } of [me, other]) await run('usermod', ['-aG', group, name]);
  const lab = Number((await run('getent', ['group', group])).stdout.split(':')[2]);
  return { directory, me, other, lab };
}

/** What the account hears about a root; empty when it is taken. */
function ask(
  path: string,
  { uid, gid }: { uid: number; gid: number },
  wrap: readonly string[] = [],
): Promise<string> {
  const [program = 'bash', ...args] = [...wrap, 'bash', '-c', `${TRUST}\ntrust_way "$1"`, 'x', path];
  const child = spawn(program, args, { uid, gid, stdio: ['ignore', 'ignore', 'pipe'], cwd: '/' });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  return new Promise((resolve) =>
    child.once('close', (code) => resolve(code === 0 ? '' : said || `code ${code}`)),
  );
}

/** Makes `top` with a mode and an owner, and inside it a root of mine. */
async function place(
  people: People,
  name: string,
  mode: number,
  uid: number,
  gid: number,
  inside = people.me.uid,
) {
  const top = join(people.directory, name);
  await mkdir(join(top, 'root'), { recursive: true });
  await chown(join(top, 'root'), inside, people.me.gid);
  await chmod(join(top, 'root'), 0o700);
  await chown(top, uid, gid);
  await chmod(top, mode);
  return top;
}

sshdTest('a root is taken by who can put something else in its place', async (t) => {
  const people = await meet(t);
  const { me, other, lab } = people;
  type Row = readonly [string, number, number, number, 'taken' | 'refused', number?];
  const rows: readonly Row[] = [
    ['mine', 0o755, me.uid, me.gid, 'taken'],
    ["root's", 0o755, 0, 0, 'taken'],
    ['my private group', 0o775, me.uid, me.gid, 'taken'],
    ["root's, my private group", 0o2775, 0, me.gid, 'taken'],
    ["the lab's", 0o2775, me.uid, lab, 'refused'],
    ["root's and the lab's", 0o2775, 0, lab, 'refused'],
    ["another's private group", 0o775, me.uid, other.gid, 'refused'],
    ["everybody's", 0o777, me.uid, me.gid, 'refused'],
    ['for everybody but the group', 0o707, me.uid, me.gid, 'refused'],
    ['sticky', 0o1777, 0, 0, 'taken'],
    ["sticky, the lab's", 0o3775, 0, lab, 'taken'],
    ["sticky, with another's root in it", 0o1777, 0, 0, 'refused', other.uid],
    ["another's", 0o755, other.uid, other.gid, 'refused'],
    ["another's, sticky", 0o1777, other.uid, other.gid, 'refused'],
    ['squashed', 0o755, OVERFLOW, OVERFLOW, 'taken'],
    ['squashed, group may write', 0o775, OVERFLOW, OVERFLOW, 'refused'],
    ['squashed, sticky', 0o1777, OVERFLOW, OVERFLOW, 'refused'],
  ];
  for (const [index, [what, mode, uid, gid, expected, inside]] of rows.entries()) {
    const top = await place(people, `t${index}`, mode, uid, gid, inside);
    const said = await ask(join(top, 'root', 'deeper', 'new'), me);
    t.is(said === '' ? 'taken' : 'refused', expected, `${what}: ${said}`);
    if (expected === 'refused') t.true(said.startsWith(`${top}`), `${what}: ${said}`);
  }
  const squashed = await place(people, 'nfs', 0o700, OVERFLOW, OVERFLOW, OVERFLOW);
  t.is(await ask(join(squashed, 'root'), { uid: 0, gid: 0 }), '', 'for root, whom NFS squashes');
});

sshdTest(
  'a private group is one only as long as nobody else is in it, by list, login or access list',
  async (t) => {
    const people = await meet(t);
    const { me, other } = people;
    const top = await place(people, 'p', 0o775, me.uid, me.gid);
    const root = join(top, 'root');
    t.is(await ask(root, me), '');
    await run('setfacl', ['-m', `u:${other.uid}:rwx`, top]);
    t.regex(await ask(root, me), /can be written by others/);
    await run('setfacl', ['-b', top]);
    t.is(await ask(root, me), '');
    await run('usermod', ['-g', String(me.gid), other.name]);
    t.regex(await ask(root, me), /can be written by others: the group/);
    await run('usermod', ['-g', String(other.gid), other.name]);
    await run('usermod', ['-aG', me.name, other.name]);
    t.regex(await ask(root, me), /can be written by others: the group/);
  },
);

sshdTest('links are looked at before they are followed, and what they lead through is, too', async (t) => {
  const people = await meet(t);
  const { me, other, lab } = people;
  const good = await place(people, 'good', 0o755, me.uid, me.gid);
  const bad = await place(people, 'bad', 0o2775, 0, lab);
  const open = await place(people, 'open', 0o1777, 0, 0);
  const link = async (name: string, to: string, uid: number) => {
    await symlink(to, join(open, name));
    await lchown(join(open, name), uid, uid);
    return join(open, name);
  };
  t.is(await ask(await link('mine', join(good, 'root'), me.uid), me), '');
  t.is(await ask(await link('relative', '../good/root', 0), me), '');
  t.regex(await ask(await link('theirs', join(good, 'root'), other.uid), me), /belongs to someone else/);
  t.regex(await ask(await link('astray', join(bad, 'root'), me.uid), me), /bad can be written by others/);
  t.regex(await ask(`${await link('up', join(bad, 'root'), me.uid)}/../../good/root`, me), /bad can be/);
  t.regex(await ask(await link('loop', 'loop', me.uid), me), /too many links/);
});

sshdTest('in a user namespace what is root s outside is trusted', async (t) => {
  // Not below /tmp, which is nobody's there and open to all.
  const directory = await mkdtemp('/srv/gpool-test-');
  t.teardown(() => rm(directory, { recursive: true }));
  await chmod(directory, 0o755);
  const people = { ...(await meet(t)), directory };
  const { me, lab } = people;
  const good = await place(people, 'good', 0o755, 0, 0);
  const bad = await place(people, 'bad', 0o775, 0, lab);
  const wrap = ['unshare', '--user', '--map-root-user'];
  const ready = await run('unshare', ['--user', 'true'], { uid: me.uid, gid: me.gid, cwd: '/' }).catch(
    () => null,
  );
  if (!ready) return t.log('this machine makes no user namespaces');
  t.is(await ask(join(good, 'root'), me, wrap), '');
  t.not(await ask(join(bad, 'root'), me, wrap), '');
});

async function install(t: ExecutionContext, root: string, trustRoot = false) {
  const shell = createLocalShell();
  await shell.open();
  t.teardown(() => shell.close());
  return installHelper(shell, packagedHelper(), { root, trustRoot }, () => {});
}

test.serial(
  'nothing is made under a directory that others can write to, unless it is taken as it is',
  async (t) => {
    const top = join(await tempDir(t), 'open');
    await mkdir(top);
    await chmod(top, 0o777);
    const error = await t.throwsAsync(install(t, join(top, 'a/root')), { code: 'E_ROOT' });
    t.regex(error?.message ?? '', /open can be written by others .*trustRoot: true/);
    t.deepEqual(await readdir(top), []);
    await install(t, join(top, 'a/root'), true);
    t.deepEqual(await readdir(join(top, 'a/root')), ['bin', 'cache']);
  },
);

sshdTest('an access list above the root lets nobody in', async (t) => {
  const { directory, other } = await meet(t);
  await run('setfacl', ['-d', '-m', `u:${other.uid}:rwx,g::rwx,o::rx`, directory]);
  const root = join(directory, 'root');
  await install(t, root);
  for (const path of [root, join(root, 'bin'), join(root, 'cache')])
    t.is((await stat(path)).mode & 0o777, 0o700);
  await chmod(join(root, 'cache'), 0o755);
  await install(t, root);
  t.is((await stat(join(root, 'cache'))).mode & 0o777, 0o700);
});
