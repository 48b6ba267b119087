import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { directoryDigest } from '../helpers/directory-digest.js';
import { finish, runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

/** A directory with a batch `b` of three jobs; the second failed. */
async function makeBatch(t: ExecutionContext): Promise<string> {
  const cwd = await tempDir(t);
  await runGpool(['run', '--out', 'b', '--', 'echo {}; exit {}', ':::', '0', '3', '0'], { cwd });
  return cwd;
}

async function edit(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')));
}

/** Another byte in the middle of the journal's line `at`, from 0. Answers where that line begins. */
async function damage(cwd: string, at: number): Promise<number> {
  const lines = (await readFile(join(cwd, 'b/journal.jsonl'), 'utf8')).split('\n');
  const start = lines.slice(0, at).join('\n').length + 1;
  lines[at] = (lines[at] ?? '').replace('"at":"2', '"at":"3');
  await writeFile(join(cwd, 'b/journal.jsonl'), lines.join('\n'));
  return start;
}

interface BadBatch {
  readonly title: string;
  readonly break: (cwd: string) => Promise<unknown>;
  readonly verbs: readonly (readonly string[])[];
  readonly code: number;
  readonly says: RegExp;
}

const EVERY_VERB = [
  ['status', 'b'],
  ['resume', 'b'],
  ['rerun', 'b'],
  ['rerun', 'b', '--out', 'c'],
  ['run', '--out', 'b', '--', 'echo {}; exit {}', ':::', '0', '3', '0'],
];

const CASES: readonly BadBatch[] = [
  {
    title: 'a batch of a newer version',
    break: (cwd) => edit(join(cwd, 'b/batch.json'), (text) => text.replace('"schema":1', '"schema":9')),
    verbs: EVERY_VERB,
    code: 3,
    says: /batch\.json: the batch has schema 9, this gpool reads up to 1 \(E_BATCH_VERSION\)\. Use the gpool version/,
  },
  {
    title: 'a batch file that is damaged',
    break: (cwd) => edit(join(cwd, 'b/batch.json'), (text) => text.slice(0, -20)),
    verbs: EVERY_VERB,
    code: 3,
    says: /batch\.json:\d+: the file is not as it was written \(E_BATCH_DAMAGED\)\. Keep the file/,
  },
  {
    title: 'a journal that is damaged in the middle',
    break: (cwd) => damage(cwd, 6),
    verbs: EVERY_VERB,
    code: 3,
    says: /journal\.jsonl, byte \d+: the line is damaged \(E_JOURNAL_DAMAGED\)\. `gpool resume BATCH --salvage`/,
  },
  {
    title: 'a selector that means no job',
    break: () => Promise.resolve(),
    verbs: [
      ['rerun', 'b', '--exit', '4'],
      ['rerun', 'b', '--out', 'c', '--host', 'moon'],
      ['rerun', 'b', '--unfinished'],
      ['rerun', 'b', '--dry-run', '--job', 'nosuch'],
      ['rerun', 'b', '--where', 'lr=1'],
    ],
    code: 2,
    says: /(no job of the batch is meant by .*(--exit 4|--host moon|--unfinished|--where lr=1)|no job is called "nosuch") \(E_USAGE\)\. Nothing was changed; /,
  },
  {
    title: 'an exit code out of range',
    break: () => Promise.resolve(),
    verbs: [
      ['rerun', 'b', '--exit', '256'],
      ['rerun', 'b', '--exit', '-1'],
      ['rerun', 'b', '--exit', 'x'],
    ],
    code: 2,
    says: /--exit: "(256|-1|x)" is no whole number from 0 to 255 \(E_USAGE\)/,
  },
  {
    title: 'a condition without a value',
    break: () => Promise.resolve(),
    verbs: [['rerun', 'b', '--where', 'lr']],
    code: 2,
    says: /--where: "lr" is no name=value/,
  },
  {
    title: 'a retry code out of range',
    break: () => Promise.resolve(),
    verbs: [
      ['run', '--retries', '2', '--retry-on', '256', '--out', 'c', '--', 'true'],
      ['run', '--retries', '2', '--retry-on', '0', '--out', 'c', '--', 'true'],
      ['run', '--retries', '2', '--never-retry', '-1', '--out', 'c', '--', 'true'],
    ],
    code: 2,
    says: /--(retry-on|never-retry): ("-1"|256|0) is .*\(E_USAGE\)\. Name exit codes/,
  },
  {
    title: 'a limit of zero',
    break: () => Promise.resolve(),
    verbs: [
      ['run', '--timeout', '0', '--out', 'c', '--', 'true'],
      ['run', '--retries', '0', '--out', 'c', '--', 'true'],
      ['run', '--max-running', '0', '--out', 'c', '--', 'true'],
      ['run', '-j', '0', '--out', 'c', '--', 'true'],
    ],
    code: 2,
    says: /\(E_USAGE\)\. (Write|Give) /,
  },
];

for (const { title, break: spoil, verbs, code, says } of CASES) {
  test.serial(`${title}: one clear error, exit ${code}, nothing is changed`, async (t) => {
    const cwd = await makeBatch(t);
    await spoil(cwd);
    const before = await directoryDigest(cwd);
    for (const verb of verbs) {
      const run = await runGpool(verb, { cwd });
      t.is(run.code, code, `${verb.join(' ')}: ${run.stderr}`);
      t.regex(run.stderr, says, verb.join(' '));
      t.is(run.stderr.trim().split('\n').length, 1, run.stderr);
      t.is(run.stdout, '');
      t.is(await directoryDigest(cwd), before, verb.join(' '));
    }
  });
}

test.serial('the error about a damaged journal names the byte where the damage begins', async (t) => {
  const cwd = await makeBatch(t);
  const byte = await damage(cwd, 6);
  const { stderr } = await runGpool(['status', 'b'], { cwd });
  t.true(stderr.includes(`byte ${byte}:`), `${stderr} ${byte}`);
});

for (const line of [1, 3, 6, 9, 12]) {
  test.serial(`--salvage saves what is unharmed of a journal with a damaged line ${line + 1}`, async (t) => {
    const cwd = await makeBatch(t);
    const byte = await damage(cwd, line);
    const old = await readFile(join(cwd, 'b/journal.jsonl'));
    const { code, stderr } = await runGpool(['resume', 'b', '--salvage'], { cwd });
    t.is(code, 1, stderr);
    t.regex(
      stderr,
      new RegExp(`b: \\d+ events saved; damaged lines left out: 1 \\(\\d+ bytes, from byte ${byte} on\\)`),
    );
    t.regex(stderr, /the old journal is journal-damaged-1\.jsonl/);
    t.deepEqual(await readFile(join(cwd, 'b/journal-damaged-1.jsonl')), old);
    const { counts } = JSON.parse((await runGpool(['status', 'b', '--json'], { cwd })).stdout);
    t.deepEqual(counts, { free: 0, busy: 0, done: 2, unknown: 0, error: 1 });
    const whole = await runGpool(['status', 'b', '--salvage'], { cwd });
    t.regex(whole.stderr, /the journal is whole/);
    t.deepEqual(
      (await readdir(join(cwd, 'b'))).filter((name) => name.includes('damaged')),
      ['journal-damaged-1.jsonl'],
    );
  });
}

test.serial('a journal of which nothing is unharmed is left as it is', async (t) => {
  const cwd = await makeBatch(t);
  await writeFile(join(cwd, 'b/journal.jsonl'), 'x\n'.repeat(100));
  const before = await directoryDigest(cwd);
  const { code, stderr } = await runGpool(['status', 'b', '--salvage'], { cwd });
  t.is(code, 3);
  t.regex(stderr, /no event in it is unharmed \(E_JOURNAL_DAMAGED\)\. Keep the file; restore it from a copy/);
  t.is(await directoryDigest(cwd), before);
});

test.serial(
  'a batch that a live controller holds is refused to all others, naming who has it and where',
  async (t) => {
    const cwd = await tempDir(t);
    const command = 'touch ~/started-{}; until [ -e ~/go ]; do sleep 0.3; done';
    const child = startGpool(['run', '--out', 'b', '--', command, ':::', '1'], { cwd });
    const ended = finish(child);
    await waitFor(() => existsSync(join(cwd, 'started-1')), { limitMs: 60_000, what: 'the start' });
    for (const verb of [
      ['resume', 'b'],
      ['rerun', 'b', '--all'],
      ['run', '--out', 'b', '--', command, ':::', '1'],
    ]) {
      const { code, stderr } = await runGpool(verb, { cwd });
      t.is(code, 3, verb.join(' '));
      t.regex(
        stderr,
        new RegExp(`/b: the batch is run by process ${child.pid} on .+ \\(E_BATCH_HELD\\)\\. \\S`),
      );
    }
    await writeFile(join(cwd, 'go'), '');
    t.is((await ended).code, 0);
  },
);

test.serial(
  'jobs of a host that vanished from the inventory stay unknown, the others go on elsewhere',
  async (t) => {
    const cwd = await tempDir(t);
    const pool = await startEmbeddedHosts({ names: ['lab01', 'lab02'] });
    t.teardown(() => pool.close());
    const command = `echo {} $GPOOL_HOST >> ${cwd}/ran; until [ -e ${cwd}/go ]; do sleep 0.3; done`;
    const args = ['run', '-F', pool.sshConfig, '-S', '1/lab01,1/lab02', '--out', 'b', '--', command];
    const child = startGpool([...args, ':::', '1', '2', '3', '4'], { cwd });
    const ended = finish(child);
    const ran = async (): Promise<string[]> =>
      (await readFile(join(cwd, 'ran'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
    await waitFor(async () => (await ran()).length === 2, { limitMs: 60_000, what: 'two starts' });
    child.kill('SIGKILL');
    await ended;
    const stranded = (await ran()).filter((line) => line.endsWith('lab02')).length;
    t.is(stranded, 1);
    const leaving = startGpool(['resume', 'b', '-F', pool.sshConfig, '-S', '1/lab01'], { cwd });
    const left = finish(leaving);
    await writeFile(join(cwd, 'go'), '');
    const { code, stderr } = await left;
    t.is(code, 6, stderr);
    t.regex(stderr, /lab02.*not in the inventory any more/);
    const back = await runGpool(['resume', 'b', '-F', pool.sshConfig, '-S', '1/lab01,1/lab02'], { cwd });
    t.is(back.code, 0, back.stderr);
    t.deepEqual((await ran()).map((line) => line.slice(0, 1)).sort(), ['1', '2', '3', '4']);
  },
);
