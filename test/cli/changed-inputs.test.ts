import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { finish, runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

/** A batch of three jobs that print their input `data/in`; its controller is killed while the first one runs. */
async function leaveBatch(t: ExecutionContext): Promise<{
  readonly cwd: string;
  readonly elsewhere: string;
  output(job: number, attempt?: number): Promise<string>;
}> {
  const cwd = await tempDir(t);
  const elsewhere = join(cwd, 'elsewhere');
  await mkdir(join(cwd, 'data'));
  await mkdir(join(elsewhere, 'data'), { recursive: true });
  await writeFile(join(cwd, 'data/in'), 'old');
  await writeFile(join(elsewhere, 'data/in'), 'stranger');
  const command = 'touch ~/started-{}; until [ -e ~/go ]; do sleep 0.3; done; cat data/in';
  const options = ['--out', 'b', '--max-running', '1', '--file', 'data'];
  const child = startGpool(['run', ...options, '--', command, ':::', '1', '2', '3'], { cwd });
  const ended = finish(child);
  await waitFor(() => existsSync(join(cwd, 'started-1')), { limitMs: 60_000, what: 'the start' });
  child.kill('SIGKILL');
  await ended;
  await writeFile(join(cwd, 'go'), '');
  const output = (job: number, attempt = 1) => readFile(join(cwd, `b/jobs/${job}/${attempt}/stdout`), 'utf8');
  return { cwd, elsewhere, output };
}

const at = (cwd: string, home: string) => ({ cwd, env: { HOME: home } });

test.serial('a batch that is resumed or re-run from another directory reads its own files', async (t) => {
  const { cwd, elsewhere, output } = await leaveBatch(t);
  const resumed = await runGpool(['resume', '../b'], at(elsewhere, cwd));
  t.is(resumed.code, 0, resumed.stderr);
  t.deepEqual(await Promise.all([1, 2, 3].map((job) => output(job))), ['old', 'old', 'old']);
  t.is((await runGpool(['rerun', '../b', '--job', '2'], at(elsewhere, cwd))).stdout, 'old');
  const anew = await runGpool(['rerun', '../b', '--job', '3', '--out', 'again'], at(elsewhere, cwd));
  t.is(anew.stdout, 'old', anew.stderr);
  t.is((await runGpool(['rerun', 'elsewhere/again', '--all'], at(cwd, cwd))).stdout, 'old');
});

const CHANGES: Readonly<Record<string, (cwd: string) => Promise<void>>> = {
  edited: (cwd) => writeFile(join(cwd, 'data/in'), 'new'),
  'made executable': (cwd) => chmod(join(cwd, 'data/in'), 0o755),
  'given a neighbour': (cwd) => writeFile(join(cwd, 'data/more'), ''),
  'turned into a link': async (cwd) => {
    await writeFile(join(cwd, 'data/other'), 'old');
    await unlink(join(cwd, 'data/in'));
    await symlink('other', join(cwd, 'data/in'));
  },
  'taken away': (cwd) => rm(join(cwd, 'data'), { recursive: true }),
};

for (const [change, make] of Object.entries(CHANGES)) {
  test.serial(`a resume is refused when an input was ${change}, and changes nothing`, async (t) => {
    const { cwd } = await leaveBatch(t);
    await make(cwd);
    const records = () =>
      Promise.all(['batch.json', 'journal.jsonl'].map((name) => readFile(join(cwd, 'b', name), 'utf8')));
    const before = await records();
    const { code, stderr } = await runGpool(['resume', 'b'], { cwd });
    t.is(code, 3);
    t.regex(stderr, /inputs of waiting jobs changed.*: data \(E_INPUTS_CHANGED\).*--accept-changed/);
    t.deepEqual(await records(), before);
  });
}

test.serial('changed inputs are taken when a person says so, and are named', async (t) => {
  const { cwd, output } = await leaveBatch(t);
  await writeFile(join(cwd, 'data/in'), 'new');
  const { code, stderr } = await runGpool(['resume', 'b', '--accept-changed'], { cwd });
  t.is(code, 0, stderr);
  t.regex(stderr, /gpool: inputs changed since .*: data;/);
  t.deepEqual(await Promise.all([1, 2, 3].map((job) => output(job))), ['old', 'new', 'new']);
});

test.serial('a touched input is the same, and a resume goes on with it', async (t) => {
  const { cwd } = await leaveBatch(t);
  await utimes(join(cwd, 'data/in'), 1, 1);
  t.is((await runGpool(['resume', 'b'], { cwd })).code, 0);
});

test.serial('a rerun takes inputs as they are now and names them, in place and as a new batch', async (t) => {
  const { cwd } = await leaveBatch(t);
  t.is((await runGpool(['resume', 'b'], { cwd })).code, 0);
  await writeFile(join(cwd, 'data/in'), 'new');
  for (const out of [['--out', 'c'], []]) {
    const { stdout, stderr } = await runGpool(['rerun', 'b', '--job', '1', ...out], { cwd });
    t.is(stdout, 'new');
    t.regex(stderr, /inputs changed since .*: data;/);
  }
});

test.serial('a batch of an older release is resumed by the older rules', async (t) => {
  const { cwd, elsewhere, output } = await leaveBatch(t);
  const file = join(cwd, 'b/batch.json');
  const text = await readFile(file, 'utf8');
  t.true(text.includes(`"cwd":${JSON.stringify(cwd)},\n`));
  await writeFile(file, text.replace(/^"cwd":.*\n/m, ''));
  const { code, stderr } = await runGpool(['resume', '../b'], at(elsewhere, cwd));
  t.is(code, 0, stderr);
  t.regex(stderr, /inputs changed/);
  t.deepEqual([await output(1), await output(2)], ['old', 'stranger']);
});

test.serial(
  'an input that is edited while the batch runs fails the jobs that would get the new one',
  async (t) => {
    const cwd = await tempDir(t);
    for (const name of ['1', '2']) await writeFile(join(cwd, name), 'old');
    const command = 'touch ~/started-{}; until [ -e ~/go ]; do sleep 0.3; done; cat {}';
    const options = ['--out', 'b', '--max-running', '1', '--file', '{}', '--halt', 'never'];
    const running = finish(startGpool(['run', ...options, '--', command, ':::', '1', '2'], { cwd }));
    await waitFor(() => existsSync(join(cwd, 'started-1')), { limitMs: 60_000, what: 'the start' });
    await writeFile(join(cwd, '2'), 'new');
    await writeFile(join(cwd, 'go'), '');
    const { code, stdout, stderr } = await running;
    t.is(code, 1);
    t.is(stdout, 'old');
    t.regex(stderr, /2: the input is not what it was when the batch was made|E_INPUT_CHANGED/);
    const again = await runGpool(['rerun', 'b'], { cwd });
    t.is(again.stdout, 'new', again.stderr);
  },
);
