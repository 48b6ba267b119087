import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { HostError } from '../../../src/errors.js';
import { hostPaths } from '../../../src/network/direct/host-paths.js';
import { runVerb, type Session } from '../../../src/network/direct/session.js';
import { Digests } from '../../../src/network/direct/staging/digests.js';
import { readInputTree } from '../../../src/network/direct/staging/input-tree.js';
import { chooseSeed, sendSeed } from '../../../src/network/direct/staging/seed.js';
import { createLocalShell } from '../../../src/network/shell/local-shell.js';
import { createHost, PLAIN_DEFAULTS } from '../../../src/spec/inventory/inventory.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { localPool } from './pool.js';

const MODES = [0o644, 0o755, 0o400, 0o600, 0o444];
const ODD = ['with\nnewline', 'quote"\'', 'back\\slash', 'tab\tbed', `long-${'x'.repeat(200)}`];

/** Many files, some of them empty, some with names that a stream does not take. */
async function makeTree(top: string, count: number): Promise<string[]> {
  const paths = [
    ...Array.from({ length: count }, (_, at) => `d${at % 7}/sub ${at % 3}/file-${at}.txt`),
    ...ODD.map((name) => `odd/${name}`),
  ];
  for (const [at, path] of paths.entries()) {
    const full = join(top, path);
    await mkdir(join(full, '..'), { recursive: true });
    await writeFile(full, at % 10 === 0 ? '' : `content of ${at}\n`.repeat(at % 50));
    await chmod(full, MODES[at % MODES.length] ?? 0o644);
  }
  return paths;
}

test.serial('a tree of many small files goes and returns byte for byte, with its modes', async (t) => {
  const pool = await localPool(t);
  const paths = await makeTree(join(pool.directory, 'tree'), 400);
  const attempt = await pool.launch('1.1', {
    files: [{ source: 'tree', target: 'tree' }],
    returns: [{ pattern: 'tree', optional: false }],
    commands: ['true'],
  });
  await pool.ended(attempt);
  const out = join(pool.directory, 'out');
  const { files, missing } = await pool.network.collectJob(attempt, out);
  t.deepEqual(missing, []);
  t.is(files.length, paths.length);
  for (const path of paths) {
    const [here, there] = [join(pool.directory, 'tree', path), join(out, 'tree', path)];
    t.true((await readFile(here)).equals(await readFile(there)), path);
    t.is((await stat(there)).mode & 0o777, (await stat(here)).mode & 0o777, path);
  }
  const cache = await readdir(join(pool.directory, 'root/cache'));
  t.deepEqual(
    cache.filter((name) => name.startsWith('.') && !name.startsWith('.seal-')),
    [],
  );
});

test.serial('a job that changes its small inputs spoils those of no other job', async (t) => {
  const pool = await localPool(t);
  await makeTree(join(pool.directory, 'tree'), 40);
  const spec = {
    files: [{ source: 'tree', target: 'tree' }],
    returns: [{ pattern: 'sum', optional: false }],
    commands: [
      'find tree -type f -print0 | sort -z | xargs -0 sha256sum > sum',
      'chmod -R u+w tree; for f in tree/d*/*/*; do echo spoilt > "$f"; done',
    ],
  };
  const sums: string[] = [];
  for (const id of ['1.1', '2.1']) {
    const attempt = await pool.launch(id, spec);
    await pool.ended(attempt);
    const out = join(pool.directory, `out-${id}`);
    await pool.network.collectJob(attempt, out);
    sums.push(await readFile(join(out, 'sum'), 'utf8'));
  }
  t.is(sums[0], sums[1]);
});

test.serial('a file that changed after it was digested is not sent', async (t) => {
  const directory = await tempDir(t);
  await makeTree(join(directory, 'tree'), 30);
  const tree = await readInputTree([{ source: 'tree', target: 'tree' }], directory, new Digests());
  const seed = chooseSeed(tree);
  t.is(seed.length, 30);
  const changed = join(directory, 'tree/d3/sub 0/file-3.txt');
  await chmod(changed, 0o600);
  await writeFile(changed, 'other');
  const error = await t.throwsAsync(sendSeed(await localSession(directory), tree, seed));
  t.like(error, { code: 'E_INPUT_CHANGED', where: changed });
});

test.serial('few small files go one by one', async (t) => {
  const directory = await tempDir(t);
  await makeTree(join(directory, 'tree'), 10);
  const tree = await readInputTree([{ source: 'tree', target: 'tree' }], directory, new Digests());
  t.deepEqual(chooseSeed(tree), []);
});

test.serial('a small file that is not what was sent when it is planted is refused', async (t) => {
  const directory = await tempDir(t);
  await makeTree(join(directory, 'tree'), 30);
  const tree = await readInputTree([{ source: 'tree', target: 'tree' }], directory, new Digests());
  const session = await localSession(directory);
  await sendSeed(session, tree, chooseSeed(tree));
  const { root, partPrefix } = session.paths;
  const seed = join(root, 'cache', `.seed-${partPrefix}-${tree.name}`);
  await writeFile(join(seed, 'copy/tree/d1/sub 1/file-1.txt'), 'other');
  const { stdout } = await runVerb(session, 'plant', [partPrefix], { input: `plant\t${tree.name}\n` });
  t.is(stdout.toString(), `bad\t${tree.name}\tdigest\n`);
  t.deepEqual(await readdir(join(root, 'cache')), []);
});

test.serial('a host where the stream cannot be written says so, and keeps nothing of it', async (t) => {
  const directory = await tempDir(t);
  await makeTree(join(directory, 'tree'), 30);
  const tree = await readInputTree([{ source: 'tree', target: 'tree' }], directory, new Digests());
  const session = await localSession(directory);
  await writeFile(join(directory, 'root'), 'in the way');
  const seed = chooseSeed(tree);
  await t.throwsAsync(sendSeed(session, tree, seed), { instanceOf: HostError });
  t.true((await lstat(join(directory, 'root'))).isFile());
});

async function localSession(directory: string): Promise<Session> {
  const root = join(directory, 'root');
  const shell = createLocalShell();
  await shell.open();
  const file = join(process.cwd(), 'bin/gjob');
  const sha256 = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  const host = createHost('here', { kind: 'local' }, PLAIN_DEFAULTS);
  return { shell, helper: { root, file, probe: sha256 }, paths: hostPaths(host, root, 'b'), hasTar: true };
}
