import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startReachableHost } from '../helpers/reachable-host.js';
import { finish, runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';
import { waitingJob } from '../helpers/waiting-job.js';

test.serial(
  'a second interrupt does not wait for a job that ignores its end; its host ends it',
  async (t) => {
    const { cwd, job, args } = await prepare(t);
    const work = job.command.replace(/^trap [^;]*; exit 1' TERM/, "trap '' TERM");
    const { child, ended, says } = start(cwd, [...args, '--out', 'b', '--', work, ':::', '1', '2']);
    await job.begun('1');
    child.kill('SIGINT');
    await says('nothing more is started');
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    t.is(code, 130, stderr);
    t.regex((await runGpool(['status', 'b'], { cwd })).stdout, /1 +\S+ +cancelling/);
    const resumed = finish(startGpool(['resume', 'b'], { cwd }));
    await waitFor(async () => (await job.starts()).length === 2, { limitMs: 60_000, what: 'the second job' });
    await job.letGo();
    const end = await resumed;
    t.is(end.code, 1, end.stderr);
    t.regex(end.stderr, /cancelled: job 1 on/);
    t.regex(end.stderr, /1 done, 1 failed/);
  },
);

test.serial('a second interrupt while the host is away is carried out when it returns', async (t) => {
  const { cwd, job, host, args } = await prepare(t);
  const { child, ended, says } = start(cwd, [...args, '--out', 'b', '--', job.command, ':::', '1']);
  await job.begun('1');
  host.cut();
  await waitFor(async () => (await runGpool(['status', 'b'], { cwd })).stdout.includes('1 unknown'), {
    limitMs: 60_000,
    what: 'the loss of the host',
  });
  child.kill('SIGINT');
  await says('nothing more is started');
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  t.is(code, 130, stderr);
  t.regex(await readFile(join(cwd, 'b', 'journal.jsonl'), 'utf8'), /"job\.cancelling","job":"1"/);
  host.mend();
  const resumed = await runGpool(['resume', 'b'], { cwd });
  t.is(resumed.code, 1, resumed.stderr);
  await job.ended('1');
});

async function prepare(t: ExecutionContext) {
  const cwd = await tempDir(t);
  const host = await startReachableHost(t);
  return { cwd, host, job: waitingJob(cwd), args: ['-F', host.sshConfig, '-S', '1/lab01'] };
}

function start(cwd: string, args: readonly string[]) {
  const child = startGpool(['run', ...args], { cwd });
  const ended = finish(child);
  let told = '';
  child.stderr?.on('data', (text) => {
    told += text;
  });
  const says = (words: string) =>
    waitFor(() => told.includes(words), { limitMs: 60_000, what: `"${words}"` });
  return { child, ended, says };
}
