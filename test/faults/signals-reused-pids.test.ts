import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { GjobHost } from '../gjob/bridge-client.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';
import { rootFaultTest } from './fault-test.js';

const JOBS = 100;

rootFaultTest(
  'a process that was given the pid of a job or a supervisor is never signalled, and the job is gone',
  ['unshare', 'nsenter'],
  async (t) => {
    const space = await startNamespace(t);
    const dead = await space.runAndEnd(2 * JOBS);
    const host = await GjobHost.create(t, { bash: space.bash });
    const ids = dead.slice(0, JOBS).map((_, at) => `${at + 1}.1`);
    for (const [at, id] of ids.entries()) await writeRecord(host, id, dead[2 * at], dead[2 * at + 1]);
    const strangers = await space.startWith(dead.map(({ pid }) => pid));
    t.deepEqual(
      strangers.map(({ pid }) => pid),
      dead.map(({ pid }) => pid),
    );
    // One whose record is true: what is not signalled above could have been.
    const [own] = await space.startAny(1);
    await writeRecord(host, '1000.1', own, own);

    const bridge = host.bridge();
    await bridge.ask('slots\t1');
    const status = await host.ask('status', ids.map((id) => `${id}\n`).join(''));
    t.notRegex(status.stdout.toString(), /busy|paused|free/);
    await bridge.ask(
      ...[...ids, '1000.1'].flatMap((id) => [`pause\t${id}`, `unpause\t${id}`, `kill\t${id}`]),
    );
    await waitFor(() => bridge.find('L').length >= JOBS, { limitMs: 120_000, what: 'the loss of all' });
    t.deepEqual(new Set(bridge.find('L').map(([, , reason]) => reason)), new Set(['supervisor']));
    await waitFor(async () => (await space.states([own]))[0] === 'gone', {
      limitMs: 60_000,
      what: 'the end of the one',
    });
    t.deepEqual(new Set(await space.states(strangers)), new Set(['S']), 'they sleep as before');
  },
);

/** A process by the namespace's own numbers. */
interface Process {
  readonly pid: number;
  readonly start: string;
}

async function writeRecord(host: GjobHost, id: string, job?: Process, supervisor?: Process): Promise<void> {
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  await mkdir(host.record(id), { recursive: true });
  await mkdir(host.work(id), { recursive: true });
  await writeFile(join(host.record(id), 'cmds'), 'exit 99\n');
  await writeFile(join(host.record(id), 'env'), 'timeout=0\ntree=-\nend\n');
  const owner = `${boot} ${job?.pid} ${job?.start} 1 ${supervisor?.pid} ${supervisor?.start} end\n`;
  await writeFile(join(host.record(id), 'pid'), owner);
}

/** A PID namespace, in which any pid can be had. */
async function startNamespace(t: ExecutionContext) {
  const outer = spawn('unshare', ['--pid', '--fork', '--mount-proc', '--kill-child', 'sleep', 'infinity']);
  t.teardown(() => endNamespace(outer));
  const init = await waitFor(async () => {
    const children = await readFile(`/proc/${outer.pid}/task/${outer.pid}/children`, 'utf8');
    return children.trim() || null;
  });
  const bash = join(await tempDir(t), 'bash');
  await writeFile(bash, `#!/bin/bash\nexec nsenter -t ${init} -p -m /bin/bash "$@"\n`);
  await chmod(bash, 0o700);
  const inside = async (script: string) => (await promisify(execFile)(bash, ['-c', SLEEPER + script])).stdout;
  const lines = async (script: string) => (await inside(script)).split('\n').filter(Boolean);
  const started = async (script: string): Promise<Process[]> =>
    (await lines(script)).map((line) => ({
      pid: Number(line.split(' ')[0]),
      start: line.split(' ')[1] ?? '',
    }));
  return {
    bash,
    /** So many processes that have lived and are gone, all with a start time in the past. */
    runAndEnd: (count: number) =>
      started(
        `for ((n = 0; n < ${count}; n++)); do sleeper; done; kill -9 $(jobs -p); wait 2>/dev/null; sleep 0.1`,
      ),
    startAny: (count: number) => started(`for ((n = 0; n < ${count}; n++)); do sleeper; done`),
    /** Processes with exactly these pids, each in a group of its own. */
    startWith: (pids: readonly number[]) =>
      started(
        `for pid in ${pids.join(' ')}; do echo $((pid - 1)) >/proc/sys/kernel/ns_last_pid; sleeper; done`,
      ),
    states: (processes: readonly (Process | undefined)[]) =>
      lines(
        `for pid in ${processes.map((each) => each?.pid).join(' ')}; do
           { read -r text </proc/$pid/stat; } 2>/dev/null || { echo gone; continue; }
           text=\${text##*) }; [[ $text == Z* ]] && echo gone || echo \${text%% *}
         done`,
      ),
  };
}

/** Starts one that sleeps, in a group of its own, and says its pid and its start time. */
const SLEEPER = `set -m
sleeper() {
  sleep 10000 </dev/null >/dev/null 2>&1 &
  read -r text </proc/$!/stat
  fields=(\${text##*) })
  echo "$! \${fields[19]}"
}
`;

async function endNamespace(outer: ChildProcess): Promise<void> {
  if (outer.exitCode !== null || outer.signalCode !== null) return;
  const ended = once(outer, 'exit');
  outer.kill('SIGKILL');
  await ended;
}
