import { readdir, readFile, stat, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';

const LARGE = 'large '.repeat(20_000);

/** A home with inputs of all kinds, and a way to run one job with them on this machine. */
async function prepare(t: ExecutionContext) {
  const cwd = await tempDir(t);
  await writeFile(join(cwd, 'small'), 'small');
  await writeFile(join(cwd, 'large'), LARGE);
  await writeFile(join(cwd, 'shut'), 'shut', { mode: 0o400 });
  const cache = join(cwd, '.gjob/cache');
  let runs = 0;
  const run = async (command: string, ...more: string[]) => {
    const inputs = ['small', 'large', 'shut'].flatMap((name) => ['--file', name]);
    const out = `b${++runs}`;
    const words = ['run', '-S', ':', '--out', out, ...inputs, ...more, '--', `: {}; ${command}`, ':::', '1'];
    const { code, stderr, stdout } = await runGpool(words, { cwd });
    t.is(code, 0, stderr);
    return { stdout, stderr, out };
  };
  const trees = async () => (await readdir(cache)).filter((name) => name.startsWith('tree-'));
  const contents = async () => (await readdir(cache)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  return { cwd, cache, run, trees, contents };
}

type Home = Awaited<ReturnType<typeof prepare>>;

const flip = async (path: string) => {
  const { atime, mtime } = await stat(path);
  const bytes = await readFile(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  await writeFile(path, bytes);
  await utimes(path, atime, mtime);
};

const DAMAGES: Readonly<Record<string, (home: Home) => Promise<void>>> = {
  'a content that was emptied': async ({ cache, contents }) => {
    for (const name of await contents()) await truncate(join(cache, name), 0);
  },
  'a content with one bit changed, and its old time': async ({ cache, contents }) => {
    for (const name of await contents()) await flip(join(cache, name));
  },
  'a file of a tree that was cut': async ({ cache, trees }) => {
    for (const name of await trees()) await truncate(join(cache, name, 'copy/small'), 2);
  },
  'a file of a tree with one bit changed, and its old time': async ({ cache, trees }) => {
    for (const name of await trees()) await flip(join(cache, name, 'copy/small'));
  },
  'files of a tree that are gone, its directories left': async ({ cache, trees }) => {
    for (const name of await trees()) {
      for (const file of await readdir(join(cache, name, 'copy')))
        await unlink(join(cache, name, 'copy', file));
    }
  },
  'all files of the cache gone': async ({ cache }) => {
    const all = await readdir(cache, { recursive: true, withFileTypes: true });
    for (const entry of all) if (!entry.isDirectory()) await unlink(join(entry.parentPath, entry.name));
  },
};

for (const [title, damage] of Object.entries(DAMAGES)) {
  test.serial(`a damaged cache is not believed: ${title}`, async (t) => {
    const home = await prepare(t);
    await home.run('true');
    await damage(home);
    const { stdout } = await home.run('cat small shut large');
    t.is(stdout, `smallshut${LARGE}`);
  });
}

test.serial('what a job does to a read-only input, no other job sees', async (t) => {
  const { run } = await prepare(t);
  await run('chmod u+w shut; echo spoilt >> shut');
  t.is((await run('cat shut')).stdout, 'shut');
});

test.serial('times go to the job and come back, and are no part of what an input is', async (t) => {
  const { cwd, run } = await prepare(t);
  const ages = { small: 1_500_000_000.25, large: 1_400_000_000.5, shut: 1_300_000_000.75 };
  for (const [name, time] of Object.entries(ages)) await utimes(join(cwd, name), time, time);
  const { stdout, out } = await run(
    'stat -c %.2Y small large shut',
    '--return',
    'small',
    '--return',
    'large',
  );
  t.is(stdout, '1500000000.25\n1400000000.50\n1300000000.75\n');
  t.is((await stat(join(cwd, out, 'jobs/1/1/large'))).mtimeMs, 1_400_000_000_500);
  await utimes(join(cwd, 'large'), 1_600_000_000, 1_600_000_000);
  t.is(
    (await run('stat -c %Y large small; cat large | wc -c')).stdout,
    `1600000000\n1500000000\n${LARGE.length}\n`,
  );
});

test.serial(
  'a shared input is a link; a job that changes it is named, and later jobs get it as it was',
  async (t) => {
    const { cwd, run } = await prepare(t);
    const job = (command: string) => `{ commands: ['${command}'] }`;
    await writeFile(
      join(cwd, 's.yaml'),
      `files: [{ source: large, target: data, share: true }]\njobs:\n  - ${job('test -L data; chmod u+w data; echo spoilt >> data')}\n  - ${job('cat data')}\n`,
    );
    const { code, stdout, stderr } = await runGpool(['run', '-S', '1/:', '--out', 's', 's.yaml'], { cwd });
    t.is(code, 0, stderr);
    t.is(stdout, LARGE);
    t.regex(stderr, /attempt 1\.1: the shared input data was changed/);
    t.is((await run('cat large')).stdout, LARGE);
  },
);
