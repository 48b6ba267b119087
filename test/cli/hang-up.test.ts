import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MAIN, runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { sshdTest } from '../helpers/tiers.js';
import { waitFor } from '../helpers/wait-for.js';
import { waitingJob } from '../helpers/waiting-job.js';

sshdTest('a terminal that goes away interrupts the batch, and resume goes on with it', async (t) => {
  const cwd = await tempDir(t);
  const job = waitingJob(cwd);
  const words = [process.execPath, MAIN, 'run', '--out', 'b', '-j', '1', '--', job.command, ':::', '1', '2'];
  const command = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const env = { PATH: process.env.PATH, HOME: cwd, USER: process.env.USER, GJOB_IDLE: '2', TERM: 'xterm' };
  // It holds the terminal that the command runs in.
  const terminal = spawn('script', ['-qfec', command, '/dev/null'], { cwd, env, stdio: 'ignore' });
  await job.begun('1');
  terminal.kill('SIGKILL');
  const journal = join(cwd, 'b', 'journal.jsonl');
  await waitFor(async () => (await readFile(journal, 'utf8')).includes('interrupted by SIGHUP'), {
    limitMs: 60_000,
    what: 'the interrupt',
  });
  await waitFor(() => !existsSync(join(cwd, 'b', 'control.sock')), {
    limitMs: 60_000,
    what: 'the end of the controller',
  });
  await job.letGo();
  const { code, stdout, stderr } = await runGpool(['attach', 'b', '-k'], { cwd });
  t.is(code, 0, stderr);
  t.is(stdout, 'begun 1\ndone 1\nbegun 2\ndone 2\n');
  t.deepEqual(await job.starts(), ['1', '2']);
});
