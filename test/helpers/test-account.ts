import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** An account of this machine that exists for one test. Needs root. */
export interface TestAccount {
  readonly name: string;
  readonly uid: number;
  /** Ends the account's processes and removes it; its home stays. */
  remove(): Promise<void>;
}

/** Creates an account with a home that does not exist yet. Nobody can log in with a password. */
export async function createAccount(name: string, home: string, shell: string): Promise<TestAccount> {
  await patiently('useradd', [
    '--create-home',
    '--home-dir',
    home,
    '--skel',
    '/nonexistent',
    '--shell',
    shell,
    '--password',
    '*',
    name,
  ]);
  const uid = Number((await run('id', ['-u', name])).stdout);
  const remove = async () => {
    await endProcessesOfUser(uid);
    await patiently('userdel', [name]);
  };
  return { name, uid, remove };
}

/** Several test files may change the password file at once; its lock is not waited for. */
async function patiently(command: string, args: readonly string[]): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await run(command, args);
      return;
    } catch (error) {
      if (tries === 50 || !String(error).includes('lock')) throw error;
      await pause(100);
    }
  }
}

async function endProcessesOfUser(uid: number): Promise<void> {
  for (let round = 0; round < 100; round++) {
    const pids = await processesOfUser(uid);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    await pause(20);
  }
}

async function processesOfUser(uid: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const owners = await Promise.all(
    pids.map((pid) =>
      stat(`/proc/${pid}`).then(
        ({ uid }) => uid,
        () => -1,
      ),
    ),
  );
  return pids.filter((_, index) => owners[index] === uid);
}

/** Ends one process at once; one that is gone already is no fault. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone
  }
}
