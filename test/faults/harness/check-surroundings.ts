import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../helpers/wait-for.js';
import type { Machine } from './machine.js';
import { type Violation, violation } from './violation.js';

/** I6: the controller's home holds the batches and nothing that was not there before. */
export async function checkHome(home: string, allowed: readonly string[]): Promise<Violation[]> {
  const strangers = (await readdir(home)).filter((name) => !allowed.includes(name));
  return strangers.map((name) => violation('I6', `${name} appeared in ${home}`));
}

/** I7: within `limitMs` nothing but its own init and sshd runs on the machine. */
export async function checkProcesses(machine: Machine, limitMs = 30_000): Promise<Violation[]> {
  const left = async () => (await machine.processes()).filter(({ command }) => !isItsOwn(command));
  const what = `${machine.name} to be empty`;
  try {
    await waitFor(async () => (await left()).length === 0, { limitMs, what });
    return [];
  } catch {
    const names = (await left()).map(({ pid, command }) => `${pid} ${command}`);
    return [{ invariant: 'I7', what: `${machine.name} still runs ${names.join('; ')}` }];
  }
}

/** I8: no file below these directories holds the secret. */
export async function checkSecret(secret: string, directories: readonly string[]): Promise<Violation[]> {
  const hits: Violation[] = [];
  for (const directory of directories) {
    for (const name of await readdir(directory, { recursive: true }).catch(() => [])) {
      const path = join(directory, name);
      const isFile = await stat(path).then(
        (found) => found.isFile(),
        () => false,
      );
      if (isFile && (await readFile(path).catch(() => Buffer.alloc(0))).includes(secret))
        hits.push(violation('I8', `${path} holds the secret`));
    }
  }
  return hits;
}

function isItsOwn(command: string): boolean {
  return /^bash \S+\/init /.test(command) || /\/usr\/sbin\/sshd -D/.test(command);
}
