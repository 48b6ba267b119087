import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const MIB = 2 ** 20;
const MODES = [0o644, 0o600, 0o755, 0o440];

/** Random bytes, so that no cache knows them and no cipher or disk gains by what they are. */
export async function makeFile(path: string, bytes: number): Promise<string> {
  const file = await open(path, 'w');
  for (let left = bytes; left > 0; left -= MIB) await file.write(randomBytes(Math.min(left, MIB)));
  await file.close();
  return path;
}

/** So many files of 4 kB and of different modes, a hundred in a directory. */
export async function makeTree(root: string, files: number): Promise<string> {
  for (let at = 0; at < files; at++) {
    const directory = join(root, String(Math.floor(at / 100)));
    if (at % 100 === 0) await mkdir(directory, { recursive: true });
    await writeFile(join(directory, `${at}`), randomBytes(4096), { mode: MODES[at % MODES.length] });
  }
  return root;
}

/** What a tree of files holds, in one digest: names, contents, and modes if they count. */
export async function digestTree(root: string, modes: boolean): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(root, { recursive: true })).sort()) {
    const path = join(root, name);
    const { mode } = await stat(path);
    if ((mode & 0o40000) !== 0) continue;
    hash.update(`${name}\n${modes ? mode : ''}\n`).update(await readFile(path));
  }
  return hash.digest('hex');
}
