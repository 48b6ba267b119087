import { readFile, realpath, rm } from 'node:fs/promises';

/**
 * Removes a directory that held homes, unless something is mounted below it: that is somebody's data, left by a job. Then the
 * directory stays, and a process warning names the mount.
 */
export async function removeHomes(directory: string): Promise<void> {
  const real = await realpath(directory).catch(() => directory);
  const mounts = listMounts(await readFile('/proc/self/mountinfo', 'latin1').catch(() => ''));
  const [inside] = mounts.filter((mount) => `${mount}/`.startsWith(`${real}/`));
  if (inside === undefined) await rm(directory, { recursive: true, force: true });
  else process.emitWarning(`${directory} is kept: something is mounted on ${inside}`, 'GpoolWarning');
}

/** The mount points of a `mountinfo`; blanks in them are written as octal numbers, and bytes above 127 as they are. */
export function listMounts(mountinfo: string): string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const field = line.split(' ')[4];
    if (field === undefined) return [];
    const bytes = field.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    return [Buffer.from(bytes, 'latin1').toString('utf8')];
  });
}
