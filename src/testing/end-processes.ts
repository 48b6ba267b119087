import { readdir, readFile, readlink } from 'node:fs/promises';

/**
 * Ends every process that belongs to one of these homes: one whose HOME it is, or one without any HOME that stands in
 * it. Processes are found through /proc; where there is none (not Linux), nothing is ended.
 */
export async function endProcessesOf(homes: readonly string[]): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const pids = await processesOf(homes);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Killed ones stay visible for a moment, and a parent may start another child: look again until none is left. */
const MAX_ROUNDS = 100;

/** The ids of the processes that belong to one of these homes, zombies not counted. */
export async function processesOf(homes: readonly string[]): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => []);
  const pids = entries.filter((name) => /^\d+$/.test(name)).map(Number);
  const owned = await Promise.all(pids.map((pid) => pid !== process.pid && belongs(pid, homes)));
  return pids.filter((_, index) => owned[index]);
}

async function belongs(pid: number, homes: readonly string[]): Promise<boolean> {
  try {
    const environ = await readFile(`/proc/${pid}/environ`, 'utf8');
    const home = environ.split('\0').find((entry) => entry.startsWith('HOME='));
    if (home !== undefined) return homes.includes(home.slice('HOME='.length));
    const cwd = await readlink(`/proc/${pid}/cwd`);
    return homes.some((owned) => cwd === owned || cwd.startsWith(`${owned}/`));
  } catch {
    return false; // another user's process, or one that ended while we looked
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended by itself
  }
}
