import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the helper knows a machine by. */
export interface MachineFacts {
  readonly boot: string;
  /** Null: there is no such file. */
  readonly machineId: string | null;
  readonly hostname: string;
  /** Which pids it sees: any word. */
  readonly pids: string;
}

/** Variables that have the helper take this machine for another one; their files are made in the directory. */
export async function machineFiles(directory: string, facts: MachineFacts): Promise<Record<string, string>> {
  const { boot, machineId, hostname, pids } = facts;
  await mkdir(directory, { recursive: true });
  const files = { boot, machineId, hostname, pids: '' };
  const at = (name: string) => join(directory, name === 'pids' ? `pids-${pids}` : name);
  for (const [name, text] of Object.entries(files))
    if (text !== null) await writeFile(at(name), text === '' ? '' : `${text}\n`, { flag: 'w' });
  return {
    GJOB_BOOT_ID_FILE: at('boot'),
    GJOB_MACHINE_ID_FILE: at('machineId'),
    GJOB_HOSTNAME_FILE: at('hostname'),
    GJOB_PID_SPACE_FILE: at('pids'),
  };
}
