import { chmod, lstat, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { checkLocalCommand } from '../../../src/network/shell/commands.js';
import { seededRandom } from '../../../src/random.js';
import type { InputFile } from '../../../src/spec/job-spec.js';
import { pickSeed } from '../../helpers/seed.js';
import { hostileName } from '../shell/hostile-name.js';
import { localPool, type Pool } from './pool.js';

const input = (source: string, target = source): InputFile => ({ source, target });
const wanted = (pattern: string, optional = false) => ({ pattern, optional });

/** Sends inputs to a job that returns them as they are, and answers where they came back. */
async function roundTrip(
  pool: Pool,
  id: string,
  files: readonly InputFile[],
  returns = files.map(({ target }) => wanted(target)),
) {
  const attempt = await pool.launch(id, { files, returns, commands: ['true'] });
  await pool.ended(attempt);
  const out = join(pool.directory, `out-${id}`);
  return { out, collected: await pool.network.collectJob(attempt, out) };
}

test.serial(
  'a tree goes and returns with its modes, links and empty directories; setuid does not',
  async (t) => {
    const pool = await localPool(t);
    const tree = join(pool.directory, 'tree');
    await mkdir(join(tree, 'sub/empty'), { recursive: true });
    await writeFile(join(tree, 'run.sh'), '#!/bin/sh\n');
    await chmod(join(tree, 'run.sh'), 0o4755);
    await writeFile(join(tree, 'secret'), 'x', { mode: 0o600 });
    await writeFile(join(tree, 'fixed'), 'y');
    await chmod(join(tree, 'fixed'), 0o444);
    await writeFile(join(tree, 'nothing'), '');
    await symlink('../run.sh', join(tree, 'sub/link'));
    await symlink('nowhere', join(tree, 'dangling'));
    await chmod(join(tree, 'sub'), 0o750);
    const { out, collected } = await roundTrip(pool, '1.1', [input('tree')]);
    t.deepEqual(collected.missing, []);
    const mode = async (path: string) => ((await lstat(join(out, 'tree', path))).mode & 0o7777).toString(8);
    t.is(await mode('run.sh'), '755');
    t.is(await mode('secret'), '600');
    t.is(await mode('fixed'), '444');
    t.is(await mode('sub'), '750');
    t.is((await lstat(join(out, 'tree/nothing'))).size, 0);
    t.deepEqual(await readdir(join(out, 'tree/sub/empty')), []);
    t.is(await readlink(join(out, 'tree/sub/link')), '../run.sh');
    t.is(await readlink(join(out, 'tree/dangling')), 'nowhere');
  },
);

test.serial('500 hostile names go and return byte for byte, and run nothing', async (t) => {
  const seed = pickSeed();
  t.log(`SEED=${seed}`);
  const random = seededRandom(seed);
  const pool = await localPool(t);
  await mkdir(join(pool.directory, 'in'));
  const names = new Set<string>();
  while (names.size < 500)
    names.add(
      hostileName(random)
        .replaceAll('/', '_')
        .slice(0, 60)
        .replace(/[\ud800-\udfff]/gu, '_'),
    );
  for (const name of names) await writeFile(join(pool.directory, 'in', name), `content of ${name}`);
  const { out, collected } = await roundTrip(pool, '1.1', [input('in')]);
  t.is(collected.files.length, names.size);
  t.deepEqual((await readdir(join(out, 'in'))).sort(), [...names].sort());
  for (const name of names) t.is(await readFile(join(out, 'in', name), 'utf8'), `content of ${name}`);
  t.deepEqual((await readdir(pool.directory)).sort(), ['in', 'out-1.1', 'root']);
});

test.serial('100 hostile names as declared inputs and returns of their own', async (t) => {
  const seed = pickSeed();
  t.log(`SEED=${seed}`);
  const random = seededRandom(seed);
  const pool = await localPool(t);
  const names = new Set<string>();
  while (names.size < 100)
    names.add(`f${hostileName(random).replaceAll('/', '_')}`.slice(0, 60).replace(/[\ud800-\udfff]/gu, '_'));
  for (const name of names) await writeFile(join(pool.directory, name), name);
  const { out, collected } = await roundTrip(
    pool,
    '1.1',
    [...names].map((name) => input(name)),
  );
  t.deepEqual(collected.missing, []);
  t.deepEqual((await readdir(out)).sort(), [...names].sort());
});

test.serial('FIFOs and sockets are skipped and reported on the way in and on the way back', async (t) => {
  const pool = await localPool(t);
  await mkdir(join(pool.directory, 'in'));
  await checkLocalCommand(['mkfifo', join(pool.directory, 'in/pipe')]);
  const attempt = await pool.launch('1.1', {
    files: [input('in')],
    returns: [wanted('out')],
    commands: ['mkdir out', 'mkfifo out/pipe', 'echo x > out/x'],
  });
  await pool.ended(attempt);
  const collected = await pool.network.collectJob(attempt, join(pool.directory, 'out'));
  t.deepEqual(
    collected.skipped.map(({ path }) => path),
    ['in/pipe', 'out/pipe'],
  );
  t.deepEqual(await readdir(join(pool.directory, 'out/out')), ['x']);
});

test.serial(
  'a link that leads out of its tree, a missing and a doubled input fail only their own job',
  async (t) => {
    const pool = await localPool(t);
    await mkdir(join(pool.directory, 'in/sub'), { recursive: true });
    await symlink('../../root', join(pool.directory, 'in/sub/out'));
    await t.throwsAsync(pool.launch('1.1', { files: [input('in')] }), {
      code: 'E_INPUT_LINK',
      name: 'JobError',
    });
    await t.throwsAsync(pool.launch('2.1', { files: [input('none')] }), { code: 'E_INPUT_MISSING' });
    await rm(join(pool.directory, 'in/sub/out'));
    await writeFile(join(pool.directory, 'x'), '');
    await t.throwsAsync(pool.launch('3.1', { files: [input('in'), input('x', 'in')] }), { code: 'E_SPEC' });
    const good = await pool.launch('4.1', {
      files: [input('in'), input('x', 'in/sub/x')],
      commands: ['test -f in/sub/x'],
    });
    t.is((await pool.ended(good)).outcome.kind, 'succeeded');
  },
);

test.serial('a job cannot spoil the inputs of the next one', async (t) => {
  const pool = await localPool(t, { slots: 1 });
  await writeFile(join(pool.directory, 'w'), 'good');
  await writeFile(join(pool.directory, 'r'), 'good', { mode: 0o444 });
  const files = [input('w'), input('r')];
  const spoil = 'echo bad > w; rm -f r; echo bad > r';
  await pool.ended(await pool.launch('1.1', { files, commands: [spoil] }));
  const next = await pool.launch('2.1', { files, commands: ['cat w r'] });
  await pool.ended(next);
  t.is((await pool.network.getStdout(next)).toString(), 'goodgood');
});

test.serial(
  'a missing return is named, an optional one is not, and the exit code stays its own',
  async (t) => {
    const pool = await localPool(t);
    const attempt = await pool.launch('1.1', {
      returns: [wanted('no.csv'), wanted('*.txt', true)],
      commands: ['exit 4'],
    });
    t.deepEqual((await pool.ended(attempt)).outcome, { kind: 'failed', code: 4 });
    const collected = await pool.network.collectJob(attempt, join(pool.directory, 'out'));
    t.deepEqual(collected.missing, ['no.csv']);
  },
);

test.serial('patterns return what they match, and directories what is in them', async (t) => {
  const pool = await localPool(t);
  const commands = ['mkdir -p d/e', 'touch a.csv b.csv c.txt d/e/f "we ird.csv"'];
  const attempt = await pool.launch('1.1', { returns: [wanted('*.csv'), wanted('d')], commands });
  await pool.ended(attempt);
  const collected = await pool.network.collectJob(attempt, join(pool.directory, 'out'));
  t.deepEqual(collected.files.map(({ path }) => path).sort(), ['a.csv', 'b.csv', 'd/e/f', 'we ird.csv']);
});

test.serial('what is made here and on the host is for its owner alone, under any umask', async (t) => {
  for (const mask of [0o000, 0o022, 0o077]) {
    const before = process.umask(mask);
    t.teardown(() => process.umask(before));
    const pool = await localPool(t);
    await writeFile(join(pool.directory, 'in'), 'x', { mode: 0o600 });
    const attempt = await pool.launch('1.1', {
      files: [input('in')],
      returns: [wanted('made')],
      commands: ['echo x', 'echo y >&2', 'mkdir made', 'echo z > made/z'],
    });
    await pool.ended(attempt);
    await pool.network.collectJob(attempt, join(pool.directory, 'out'));
    const find = [
      'find',
      join(pool.directory, 'root'),
      join(pool.directory, 'out'),
      '-perm',
      '/077',
      '-not',
      '-type',
      'l',
    ];
    t.is((await checkLocalCommand(find)).stdout.toString(), '', `umask ${mask.toString(8)}`);
  }
});

test.serial('collecting twice gives the same and never writes through a link in the way', async (t) => {
  const pool = await localPool(t);
  const attempt = await pool.launch('1.1', {
    returns: [wanted('d')],
    commands: ['mkdir d', 'echo new > d/x'],
  });
  await pool.ended(attempt);
  const out = join(pool.directory, 'out');
  t.deepEqual(await pool.network.collectJob(attempt, out), await pool.network.collectJob(attempt, out));
  await rm(join(out, 'd'), { recursive: true });
  await mkdir(join(pool.directory, 'elsewhere'));
  await symlink('../elsewhere', join(out, 'd'));
  await t.throwsAsync(pool.network.collectJob(attempt, out), { code: 'E_OUTPUT_UNSAFE' });
  t.deepEqual(await readdir(join(pool.directory, 'elsewhere')), []);
});
