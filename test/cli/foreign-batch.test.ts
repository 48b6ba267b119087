import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, lchown, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { createAccount } from '../helpers/test-account.js';
import { sshdTest } from '../helpers/tiers.js';

/** Another account of this machine, and a finished batch of ours in `b`. */
async function prepare(t: ExecutionContext) {
  const cwd = await tempDir(t);
  const id = randomBytes(3).toString('hex');
  const other = await createAccount(`gp-other-${id}`, join(cwd, 'home'), '/bin/bash');
  t.teardown(() => other.remove());
  const made = await runGpool(['run', '-S', '1/:', '--out', 'b', '--', `touch ${cwd}/ran; echo hi`], { cwd });
  t.is(made.code, 0, made.stderr);
  await rm(join(cwd, 'ran'));
  return { cwd, other, ran: () => existsSync(join(cwd, 'ran')) };
}

type Way = (cwd: string, uid: number) => Promise<string>;

function give(path: string): Way {
  return async (cwd, uid) => {
    await chown(join(cwd, path), uid, uid);
    return 'b';
  };
}

function open(path: string, mode: number): Way {
  return async (cwd) => {
    await chmod(join(cwd, path), mode);
    return 'b';
  };
}

/** Ways in which another account has a hand in `b`; each answers how `b` is called then. */
const WAYS: readonly (readonly [string, Way])[] = [
  ['the directory is theirs', give('b')],
  ['its batch.json is theirs', give('b/batch.json')],
  ['its journal is theirs', give('b/journal.jsonl')],
  ['everybody may write its journal', open('b/journal.jsonl', 0o666)],
  ['everybody may write in it', open('b', 0o777)],
  [
    'it lies in a directory of a group',
    async (cwd, uid) => {
      await mkdir(join(cwd, 'lab'));
      await rename(join(cwd, 'b'), join(cwd, 'lab/b'));
      await chown(join(cwd, 'lab'), 0, uid);
      await chmod(join(cwd, 'lab'), 0o2775);
      return 'lab/b';
    },
  ],
  [
    'latest is theirs',
    async (cwd, uid) => {
      await mkdir(join(cwd, 'batches'));
      await symlink('../b', join(cwd, 'batches/latest'));
      await lchown(join(cwd, 'batches/latest'), uid, uid);
      return 'latest';
    },
  ],
];

for (const [way, arrange] of WAYS) {
  sshdTest(`nothing of a batch is run when ${way}, and it can be looked at`, async (t) => {
    const { cwd, other, ran } = await prepare(t);
    const name = await arrange(cwd, other.uid);
    for (const verb of ['resume', 'rerun', 'attach', 'cancel']) {
      const words = verb === 'rerun' ? ['rerun', name, '--all'] : [verb, name];
      const { code, stderr } = await runGpool(words, { cwd });
      t.is(code, 3, `${verb}: ${stderr}`);
      t.regex(stderr, /E_BATCH_OWNER.*--trust-batch/, verb);
    }
    t.false(ran());
    for (const words of [
      ['status', name],
      ['why', name, '1'],
      ['logs', name, '1'],
    ]) {
      const { code, stdout, stderr } = await runGpool(words, { cwd });
      t.is(code, 0, stderr);
      t.not(stdout, '');
      if (words[0] === 'status' && name !== 'latest') t.regex(stderr, /this batch is not yours/);
    }
    const env = { GPOOL_TRUST_BATCH: '1' };
    t.is((await runGpool(['attach', name], { cwd, env })).code, 0);
    t.is((await runGpool(['attach', name, '--trust-batch'], { cwd })).code, 0);
  });
}

sshdTest('a batch of whom sudo was asked by is ours', async (t) => {
  const { cwd, other } = await prepare(t);
  for (const place of ['b', ...(await readdir(join(cwd, 'b'))).map((name) => `b/${name}`)])
    await chown(join(cwd, place), other.uid, other.uid);
  t.is((await runGpool(['attach', 'b'], { cwd })).code, 3);
  t.is((await runGpool(['attach', 'b'], { cwd, env: { SUDO_UID: String(other.uid) } })).code, 0);
});

sshdTest("where batches/ is somebody else's, a run has a place of its own, and says so", async (t) => {
  const { cwd, other } = await prepare(t);
  await mkdir(join(cwd, 'batches'));
  await chown(join(cwd, 'batches'), other.uid, other.uid);
  const { code, stderr } = await runGpool(['run', '-S', '1/:', '--', 'true'], { cwd });
  t.is(code, 0, stderr);
  t.regex(stderr, /batches\/ is somebody else's, so this one goes into batches-\w+\//);
  t.deepEqual(await readdir(join(cwd, 'batches')), []);
  t.is((await runGpool(['status'], { cwd })).code, 0);
});

sshdTest('no batch is made where others can put another in its place', async (t) => {
  const { cwd, other } = await prepare(t);
  await mkdir(join(cwd, 'theirs'));
  await chown(join(cwd, 'theirs'), other.uid, other.uid);
  const { code, stderr } = await runGpool(['run', '-S', '1/:', '--out', 'theirs/x', '--', 'true'], { cwd });
  t.is(code, 3);
  t.regex(stderr, new RegExp(`theirs belongs to ${other.name} \\(E_BATCH_OWNER\\)`));
  t.deepEqual(await readdir(join(cwd, 'theirs')), []);
});

sshdTest("a stranger's socket in a batch is not listened to", async (t) => {
  const { cwd, other } = await prepare(t);
  const server = createServer((socket) => socket.end('\u001b[2J'.repeat(1e6))).listen(
    join(cwd, 'b/control.sock'),
  );
  t.teardown(() => void server.close());
  await chown(join(cwd, 'b/control.sock'), other.uid, other.uid);
  const { code, stdout } = await runGpool(['status', 'b'], { cwd });
  t.is(code, 0);
  t.false(stdout.includes('\u001b[2J'));
});
