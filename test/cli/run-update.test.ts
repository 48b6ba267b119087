import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { directoryDigest } from '../helpers/directory-digest.js';
import { finish, runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

async function ranSince(cwd: string, before: number): Promise<string[]> {
  const text = await readFile(join(cwd, 'ran'), 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean).slice(before).sort();
}

/** A batch file of jobs that note their run in ~/ran and then do what the input `sim` says. */
async function prepare(t: ExecutionContext): Promise<{
  cwd: string;
  write(jobs: Readonly<Record<string, string>>): Promise<void>;
  gpool(...args: string[]): ReturnType<typeof runGpool>;
}> {
  const cwd = await tempDir(t);
  await writeFile(join(cwd, 'sim'), 'exit 0\n');
  const write = (jobs: Readonly<Record<string, string>>): Promise<void> => {
    const lines = Object.entries(jobs).map(
      ([name, files]) =>
        `  - { name: ${name}, command: 'echo ${name} >> ~/ran; [ ! -e sim ] || bash sim ${name}', files: [${files}] }\n`,
    );
    return writeFile(join(cwd, 'batch.yaml'), `jobs:\n${lines.join('')}`);
  };
  return { cwd, write, gpool: (...args) => runGpool(args, { cwd }) };
}

test.serial(
  'a batch file that was edited runs only what is new, changed or failed, and says why',
  async (t) => {
    const { cwd, write, gpool } = await prepare(t);
    await writeFile(join(cwd, 'sim'), '[ $1 != bad ]\n');
    await write({ a: '', b: '', gone: '', bad: 'sim', s: 'sim' });
    t.is((await gpool('run', '--out', 'b', 'batch.yaml')).code, 1);
    const first = (await ranSince(cwd, 0)).length;

    await write({ new: '', a: '', b: '', bad: 'sim', s: 'sim' });
    const dry = await gpool('run', '--dry-run', '--out', 'b', 'batch.yaml');
    t.is(dry.stdout, '3\tgone\tremoved\n4\tbad\tfailed before: exit code 1\n6\tnew\tnew\n');
    const second = await gpool('run', '--out', 'b', 'batch.yaml');
    t.regex(second.stderr, /b: 3 unchanged, 1 new, 1 failed before, 1 removed\n/);
    t.deepEqual(await ranSince(cwd, first), ['bad', 'new']);

    await writeFile(join(cwd, 'sim'), 'exit 0 # mended\n');
    const third = await gpool('run', '--out', 'b', 'batch.yaml');
    t.is(third.code, 0, third.stderr);
    t.regex(third.stderr, /b: 3 unchanged, 2 changed \(inputs: sim\)\n/);
    t.deepEqual(await ranSince(cwd, first + 2), ['bad', 's']);

    const fourth = await gpool('run', '--out', 'b', 'batch.yaml');
    t.is(fourth.code, 0);
    t.is(fourth.stderr, 'gpool: b: 5 unchanged\n');
    t.deepEqual(await ranSince(cwd, first + 4), []);
    const { jobs, counts } = JSON.parse((await gpool('status', 'b', '--json')).stdout);
    t.deepEqual(
      jobs.map(({ id, name, attempts }: { id: string; name: string; attempts: number }) => [
        id,
        name,
        attempts,
      ]),
      [
        ['1', 'a', 1],
        ['2', 'b', 1],
        ['4', 'bad', 3],
        ['5', 's', 2],
        ['6', 'new', 1],
      ],
    );
    t.is(counts.done, 5);
  },
);

test.serial(
  'jobs of a command line keep their numbers when arguments are added and taken away',
  async (t) => {
    const cwd = await tempDir(t);
    const run = (...values: string[]) =>
      runGpool(['run', '--out', 'b', '--', 'echo {} $GPOOL_JOB $GPOOL_ATTEMPT', ':::', ...values], { cwd });
    t.is((await run('x', 'y', 'z')).code, 0);
    const { stdout, stderr } = await run('w', 'z', 'x');
    t.is(stdout, 'w 4 1\n');
    t.regex(stderr, /b: 2 unchanged, 1 new, 1 removed/);
    t.is(await readFile(join(cwd, 'b/jobs/3/1/stdout'), 'utf8'), 'z 3 1\n');
    t.is((await runGpool(['logs', 'b', 'z'], { cwd })).stdout, 'z 3 1\n');
    t.is((await run('y', 'w')).stdout, 'y 5 1\n', 'a number is never given again');
    const rows = (await readFile(join(cwd, 'b/joblog.tsv'), 'utf8')).trim().split('\n').slice(1);
    t.deepEqual(rows.map((row) => row.split('\t')[0]).sort(), ['1', '2', '3', '4', '5']);
  },
);

test.serial('a batch that was updated is resumed and re-run like any other', async (t) => {
  const { cwd, write, gpool } = await prepare(t);
  await write({ a: '', b: '' });
  await gpool('run', '--out', 'b', 'batch.yaml');
  await write({ b: '', c: '' });
  await gpool('run', '--out', 'b', 'batch.yaml');
  t.is((await gpool('resume', 'b')).code, 0);
  const before = (await ranSince(cwd, 0)).length;
  t.is((await gpool('rerun', 'b', '--all')).code, 0);
  t.deepEqual(await ranSince(cwd, before), ['b', 'c']);
  t.deepEqual(await readdir(join(cwd, 'b/jobs')).catch(() => []), []);
});

test.serial('a directory with a batch of other jobs is refused, and left as it is', async (t) => {
  const { cwd, write, gpool } = await prepare(t);
  await write({ a: '' });
  await gpool('run', '--out', 'b', 'batch.yaml');
  const before = await directoryDigest(join(cwd, 'b'));
  const { code, stderr } = await gpool('run', '--out', 'b', '--', 'true', ':::', '1');
  t.is(code, 3);
  t.regex(stderr, /no job in common.*E_BATCH_EXISTS.*--out/);
  t.is(await directoryDigest(join(cwd, 'b')), before);
});

test.serial(
  'a running controller keeps its batch; a changed job that is still with its host is refused',
  async (t) => {
    const { cwd, gpool } = await prepare(t);
    const command = (more: string) => `touch ~/started-{}; until [ -e ~/go ]; do sleep 0.3; done${more}`;
    const run = (more: string) => ['run', '--out', 'b', '--', command(more), ':::', '1'];
    const child = startGpool(run(''), { cwd });
    const ended = finish(child);
    await waitFor(() => existsSync(join(cwd, 'started-1')), { limitMs: 60_000, what: 'the start' });
    const held = await gpool(...run(''));
    t.is(held.code, 3);
    t.regex(held.stderr, /E_BATCH_HELD/);
    t.true(held.stderr.includes(`process ${child.pid}`));
    child.kill('SIGKILL');
    await ended;
    const before = await directoryDigest(join(cwd, 'b'));
    const busy = await gpool(...run('; echo more'));
    t.is(busy.code, 3);
    t.regex(busy.stderr, /job 1 \(1\) was changed but is still with its host \(E_BATCH_BUSY\).*gpool resume/);
    t.is(await directoryDigest(join(cwd, 'b')), before);
    await writeFile(join(cwd, 'go'), '');
    const resumed = await gpool(...run(''));
    t.is(resumed.code, 0, resumed.stderr);
    t.regex(resumed.stderr, /b: 1 not finished/);
  },
);

test.serial('a revision that its controller did not live to record never came to be', async (t) => {
  const { cwd, write, gpool } = await prepare(t);
  await write({ a: '', b: '' });
  await gpool('run', '--out', 'b', 'batch.yaml');
  const journal = await readFile(join(cwd, 'b/journal.jsonl'));
  await write({ a: '', c: '' });
  await gpool('run', '--out', 'b', 'batch.yaml');
  // As if it had died between batch.json and the journal.
  await writeFile(join(cwd, 'b/journal.jsonl'), journal);
  const status = JSON.parse((await gpool('status', 'b', '--json')).stdout);
  t.deepEqual(
    status.jobs.map(({ name }: { name: string }) => name),
    ['a', 'b'],
  );
  const again = await gpool('run', '--out', 'b', 'batch.yaml');
  t.is(again.code, 0, again.stderr);
  t.regex(again.stderr, /b: 1 unchanged, 1 new, 1 removed/);
  t.is((await ranSince(cwd, 0)).filter((name) => name === 'a').length, 1);
});

for (const [what, next] of [
  ['fewer arguments', ['--', 'echo other {}', ':::', '1', '2']],
  ['the same arguments', ['--', 'echo other {}', ':::', '1', '2', '3']],
  ['arguments of its own', ['--', 'echo other {}', ':::', 'x']],
] as const) {
  test.serial(
    `another command with ${what} is refused in a finished batch, unless --update says so`,
    async (t) => {
      const cwd = await tempDir(t);
      const into = (...rest: readonly string[]) => runGpool(['run', '--out', 'b', ...rest], { cwd });
      t.is((await into('--', 'echo one {}', ':::', '1', '2', '3')).code, 0);
      const before = await directoryDigest(join(cwd, 'b'));
      const refused = await into(...next);
      t.is(refused.code, 3);
      t.regex(refused.stderr, /no job in common.*(changed|new).*E_BATCH_EXISTS.*--update/);
      t.is(await directoryDigest(join(cwd, 'b')), before);
      const updated = await into('--update', ...next);
      t.is(updated.code, 0, updated.stderr);
      t.regex(updated.stdout, /^other /);
    },
  );
}

test.serial('niceness that a host has of its own holds against --nice', async (t) => {
  const cwd = await tempDir(t);
  await writeFile(join(cwd, 'hosts.yaml'), 'hosts: [{ name: ":", nice: 15 }]\n');
  await writeFile(join(cwd, 'b.yaml'), 'command: nice\nhosts: { file: hosts.yaml }\n');
  t.is(
    (await runGpool(['run', '--nice', '12', '--slf', 'hosts.yaml', '--', 'nice'], { cwd })).stdout,
    '15\n',
  );
  t.is((await runGpool(['run', '--nice', '12', 'b.yaml'], { cwd })).stdout, '15\n');
  t.is((await runGpool(['run', '--nice', '12', '--', 'nice'], { cwd })).stdout, '12\n');
});
