import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { type GpoolRun, MAIN, runGpool } from '../helpers/run-gpool.js';
import { mountSmall } from '../helpers/small-disk.js';
import { tempDir } from '../helpers/temp-dir.js';
import { sshdTest } from '../helpers/tiers.js';

/** The command with its outputs put somewhere by a shell: `> /dev/full`. */
function gpoolTo(outputs: string, words: readonly string[], cwd: string): Promise<GpoolRun> {
  const script = `exec "$@" ${outputs}`;
  const child = spawn('bash', ['-c', script, 'bash', process.execPath, MAIN, ...words], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, NO_COLOR: '1', GJOB_IDLE: '2' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => (stderr += text));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

const JOBS = ['-S', ':', '--out', 'b', '--', 'echo hello {}; exit {}', ':::'];

async function countDone(cwd: string, type = 'job.done'): Promise<number> {
  return (await readFile(join(cwd, 'b/journal.jsonl'), 'utf8')).split(`"type":"${type}"`).length - 1;
}

const RUNS: readonly (readonly [string, string, readonly string[], number, RegExp])[] = [
  ['stdout on a full disk', '>/dev/full', ['0', '0', '0'], 1, /stdout cannot be written any more.*ENOSPC/],
  ['stderr on a full disk', '2>/dev/full', ['0', '0', '0'], 1, /^$/],
  ['both on a full disk', '>/dev/full 2>/dev/full', ['0', '0', '0'], 1, /^$/],
  ['stdout closed', '>&-', ['0', '0', '0'], 0, /3 done/],
  ['a reader that has gone', '> >(exec true)', ['0', '0', '0'], 0, /3 done/],
];
for (const [title, outputs, exits, code, says] of RUNS) {
  test.serial(`a batch goes on with ${title}`, async (t) => {
    const cwd = await tempDir(t);
    const run = await gpoolTo(outputs, ['run', ...JOBS, ...exits], cwd);
    t.is(run.code, code, run.stderr);
    t.regex(run.stderr, says);
    t.notRegex(run.stderr, /\n\s+at |E_INTERNAL/);
    t.is(await countDone(cwd), exits.length);
    t.is((await readFile(join(cwd, 'b/joblog.tsv'), 'utf8')).trim().split('\n').length, exits.length + 1);
  });
}

test.serial(
  'the exit code of a batch goes before that of an output that is full, and a joblog ends nothing',
  async (t) => {
    const cwd = await tempDir(t);
    // Those after the first are still there when it has failed.
    const jobs = JOBS.map((word) => (word.startsWith('echo') ? `[ {} = 1 ] || sleep 60; ${word}` : word));
    const halted = await gpoolTo(
      '>/dev/full',
      ['run', '--halt', 'now,fail=1', '-j', '1', ...jobs, '1', '0', '0'],
      cwd,
    );
    t.is(halted.code, 5, halted.stderr);
    const joblog = ['run', '--joblog', '/dev/full', ...JOBS, '0', '0'].map((word) =>
      word === 'b' ? 'c' : word,
    );
    const logged = await runGpool(joblog, { cwd });
    t.is(logged.code, 0, logged.stderr);
    t.regex(logged.stderr, /a log cannot be written.*the batch goes on/);
  },
);

test.serial('what is asked of a batch with a full output ends with one line and 1', async (t) => {
  const cwd = await tempDir(t);
  await runGpool(['run', ...JOBS, '0'], { cwd });
  for (const words of [
    ['status', 'b'],
    ['logs', 'b', '1'],
    ['exec', '-S', ':', '--', 'echo x'],
    ['--help'],
    ['why', 'b', '1'],
  ]) {
    const asked = await gpoolTo('>/dev/full', words, cwd);
    t.is(asked.code, 1, words.join(' '));
    t.regex(asked.stderr, /^gpool: stdout cannot be written any more \(ENOSPC.*\n$/, words.join(' '));
  }
});

sshdTest('an output that a disk takes only in part is told, never cut without a word', async (t) => {
  const cwd = await tempDir(t);
  await mountSmall(t, join(cwd, 'small'), 'size=40k');
  const words = ['run', '-S', ':', '--out', 'b', '--', 'head -c 60000 /dev/zero'];
  const run = await gpoolTo('>small/all', words, cwd);
  t.is(run.code, 1, run.stderr);
  t.regex(run.stderr, /stdout cannot be written any more.*ENOSPC/);
});
