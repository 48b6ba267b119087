import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { packageRoot } from '../helpers/package-root.js';
import { finish } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

/** bin/gpool as users start it, and what it has said so far. */
async function start(t: ExecutionContext, cwd: string, args: readonly string[]) {
  const child = spawn(join(packageRoot(), 'bin/gpool'), args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, NO_COLOR: '1', GJOB_IDLE: '2' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => void child.kill('SIGKILL'));
  const said = { stderr: '' };
  child.stderr.on('data', (text) => {
    said.stderr += text;
  });
  return { child, said, ended: finish(child) };
}

/** What the process listens at, by its descriptors. */
async function listening(pid: number | undefined): Promise<number> {
  const table = (await readFile(`/proc/${pid}/net/tcp`, 'utf8')).split('\n');
  const inodes = table.filter((line) => / 0A /.test(line)).map((line) => line.trim().split(/\s+/)[9]);
  const fds = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return links.filter((link) => inodes.some((inode) => link === `socket:[${inode}]`)).length;
}

const WORK = 'touch started-{}; until [ -e go ]; do sleep 0.3; done; echo {}';

test.serial(
  'USR1 lists what runs, USR2 switches the view, and neither opens a debugger or ends the batch',
  async (t) => {
    const cwd = await tempDir(t);
    const local = `cd ${cwd}; ${WORK}`;
    const { child, said, ended } = await start(t, cwd, [
      'run',
      '-S',
      '2/:',
      '--out',
      'b',
      '--',
      local,
      ':::',
      '1',
      '2',
    ]);
    await waitFor(() => existsSync(join(cwd, 'started-2')) && existsSync(join(cwd, 'started-1')), {
      limitMs: 120_000,
      what: 'the starts',
    });
    const listed = (): boolean => {
      child.kill('SIGUSR1');
      return /2 running\n {2}1\.1 : 1\n {2}2\.1 : 2\n/.test(said.stderr);
    };
    await waitFor(listed, { limitMs: 120_000, what: 'the list' });
    for (const name of ['none', 'lines']) {
      child.kill('SIGUSR2');
      await waitFor(() => said.stderr.includes(`progress view: ${name}\n`), { what: name });
    }
    if (process.platform === 'linux') t.is(await listening(child.pid), 0);
    t.false(said.stderr.includes('Debugger'));
    await writeFile(join(cwd, 'go'), '');
    const { code, stdout } = await ended;
    t.is(code, 0, said.stderr);
    t.is(stdout.split('\n').sort().join(''), '12');
  },
);

test.serial('a USR1 in the first moments of a command leaves no debugger behind', async (t) => {
  const cwd = await tempDir(t);
  for (const ms of [10, 40, 100]) {
    const args = ['run', '-S', '1/:', '--out', `b${ms}`, '--', `touch ${cwd}/s${ms}; sleep 2`, ':::', '1'];
    const { child, said, ended } = await start(t, cwd, args);
    await new Promise((resolve) => setTimeout(resolve, ms));
    child.kill('SIGUSR1');
    // Before Node runs at all, the signal ends it as it ends any program.
    await waitFor(() => existsSync(join(cwd, `s${ms}`)) || child.signalCode === 'SIGUSR1', {
      limitMs: 120_000,
      what: `the start after ${ms} ms: ${said.stderr}`,
    });
    if (child.signalCode === null && process.platform === 'linux')
      await waitFor(async () => (await listening(child.pid)) === 0, { what: 'the debugger to be gone' });
    await ended;
  }
  t.pass();
});

test.serial('whoever looks on or waits outlives USR1 and USR2, without a debugger', async (t) => {
  const cwd = await tempDir(t);
  const work = `touch ${cwd}/on; until [ -e ${cwd}/go ]; do sleep 0.3; done; : {}`;
  const run = await start(t, cwd, ['run', '-S', '1/:', '--out', 'b', '--', work, ':::', '1']);
  await waitFor(() => existsSync(join(cwd, 'on')), { limitMs: 120_000, what: 'the start' });
  const verbs = [
    ['logs', '-f', 'b', '1'],
    ['attach', 'b'],
    ['exec', '-S', ':', '--', `echo; ${work.replace('{}', '')}`],
  ];
  const others = await Promise.all(verbs.map((args) => start(t, cwd, args)));
  await waitFor(
    async () => (await Promise.all(others.map(({ child }) => hasClaimed(child.pid)))).every(Boolean),
    {
      limitMs: 120_000,
      what: 'the handlers',
    },
  );
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGUSR1'] as const)
    for (const { child } of others) child.kill(signal);
  for (const { child } of others) t.is(await listening(child.pid), 0);
  await writeFile(join(cwd, 'go'), '');
  for (const { ended, said } of [run, ...others]) {
    t.is((await ended).code, 0, said.stderr);
    t.false(said.stderr.includes('Debugger'));
  }
});

/** Whether a process catches USR2, which Node itself does not. */
async function hasClaimed(pid: number | undefined): Promise<boolean> {
  const [, caught = '0'] = /^SigCgt:\s*(\w+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (BigInt(`0x${caught}`) & (1n << 11n)) !== 0n;
}
