import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { finish, runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

const LIMIT = { limitMs: 90_000 };

/** Two ways in which a host loses what it keeps. */
const LOSSES: readonly (readonly [string, (root: string) => Promise<void>])[] = [
  ['removed', (root) => rm(root, { recursive: true, force: true, maxRetries: 5 })],
  ['moved away', (root) => rename(root, `${root}-before`)],
];

for (const [how, lose] of LOSSES) {
  test.serial(
    `a job whose host's root is ${how} runs on, is lost at its end, and runs once more`,
    async (t) => {
      const { cwd, root, args, open, starts, witness } = await prepare(t);
      const run = finish(startGpool([...args, '--', job(cwd)], { cwd }));
      await starts('1.1');
      await lose(root);
      await waitFor(async () => (await journal(cwd)).includes('"storeLost":true'), LIMIT);
      await open();
      const { code, stdout, stderr } = await run;
      t.is(code, 0, stderr);
      t.is(stdout, 'out 1.2\n');
      t.deepEqual(await witness(), ['start 1.1', 'end 1.1', 'start 1.2', 'end 1.2']);
    },
  );

  test.serial(
    `a job whose host's root is ${how} while no controller lives runs once more after it ended`,
    async (t) => {
      const { cwd, root, args, open, starts, witness } = await prepare(t);
      const first = startGpool([...args, '--', job(cwd)], { cwd });
      await starts('1.1');
      await waitFor(async () => (await journal(cwd)).includes('job.started'), LIMIT);
      first.kill('SIGKILL');
      await lose(root);
      const resumed = finish(startGpool(['resume', 'b'], { cwd }));
      await waitFor(async () => (await journal(cwd)).includes('"storeLost":true'), LIMIT);
      await open();
      const { code, stderr } = await resumed;
      t.is(code, 0, stderr);
      t.is(await output(cwd, '1.2'), 'out 1.2\n');
      t.deepEqual(await witness(), ['start 1.1', 'end 1.1', 'start 1.2', 'end 1.2']);
    },
  );
}

test.serial(
  'a job that ended while nobody looked, and whose root is gone, is never done without its output',
  async (t) => {
    const { cwd, root, args, open, starts, witness } = await prepare(t);
    const first = startGpool([...args, '--return', 'extra?', '--', job(cwd)], { cwd });
    await starts('1.1');
    first.kill('SIGKILL');
    await open();
    await waitFor(async () => (await witness()).includes('end 1.1'), LIMIT);
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
    const { code, stderr } = await runGpool(['resume', 'b'], { cwd });
    t.is(code, 0, stderr);
    t.is(await output(cwd, '1.2'), 'out 1.2\n');
    t.deepEqual(await witness(), ['start 1.1', 'end 1.1', 'start 1.2', 'end 1.2']);
  },
);

test.serial('a job that is not to be repeated ends as an error when its root is gone', async (t) => {
  const { cwd, root, open, starts, witness } = await prepare(t);
  const file = { jobs: [{ commands: [job(cwd)], repeatable: false }] };
  await writeFile(join(cwd, 'batch.json'), JSON.stringify(file));
  const run = finish(startGpool(['run', '-S', '1/:', '--out', 'b', 'batch.json'], { cwd }));
  await starts('1.1');
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
  await open();
  const { code, stdout, stderr } = await run;
  t.is(code, 1, stderr);
  t.is(stdout, '');
  t.regex(stderr, /E_STORE_GONE/);
  t.deepEqual(await witness(), ['start 1.1', 'end 1.1']);
});

/** Tells its start and end to a witness outside of the root, and ends when it may. */
function job(cwd: string): string {
  const me = '$GPOOL_JOB.$GPOOL_ATTEMPT';
  const wait = `until [ -e ${cwd}/go ]; do sleep 0.3; done`;
  return `echo start ${me} >> ${cwd}/witness; ${wait}; echo out ${me}; echo end ${me} >> ${cwd}/witness`;
}

async function prepare(t: ExecutionContext) {
  const cwd = await tempDir(t);
  t.teardown(() => writeFile(join(cwd, 'go'), ''));
  const witness = async () => {
    const text = await readFile(join(cwd, 'witness'), 'utf8').catch(() => '');
    return text.split('\n').filter(Boolean);
  };
  return {
    cwd,
    root: join(cwd, '.gjob'),
    args: ['run', '-S', '1/:', '--out', 'b'],
    open: () => writeFile(join(cwd, 'go'), ''),
    witness,
    starts: (attempt: string) =>
      waitFor(
        async () => existsSync(join(cwd, 'witness')) && (await witness()).includes(`start ${attempt}`),
        LIMIT,
      ),
  };
}

function journal(cwd: string): Promise<string> {
  return readFile(join(cwd, 'b/journal.jsonl'), 'utf8');
}

function output(cwd: string, attempt: string): Promise<string> {
  const [id, n] = attempt.split('.');
  return readFile(join(cwd, 'b/jobs', String(id), String(n), 'stdout'), 'utf8');
}
