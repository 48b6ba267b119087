import { readdir, readFile, readlink } from 'node:fs/promises';

export interface NamespaceProcess {
  readonly pid: number;
  readonly comm: string;
  readonly command: string;
}

/** The processes of the PID namespace that the process `outer` made for its children, by their ids out here. */
export async function processesIn(outer: number): Promise<NamespaceProcess[]> {
  const namespace = await readlink(`/proc/${outer}/ns/pid_for_children`).catch(() => '');
  const own = await readlink('/proc/self/ns/pid');
  if (namespace === '' || namespace === own) return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => describe(pid, namespace)));
  return found.filter((process) => process !== null);
}

async function describe(pid: number, namespace: string): Promise<NamespaceProcess | null> {
  if ((await readlink(`/proc/${pid}/ns/pid`).catch(() => '')) !== namespace) return null;
  const comm = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return { pid, comm, command: command.split('\0').join(' ').trim() };
}
