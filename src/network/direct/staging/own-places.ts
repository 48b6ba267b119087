import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What a directory is to gpool, when it is a place of its own: a batch, or its directory on a host. Null for any other. */
export async function ownPlace(path: string, names: readonly string[]): Promise<'batch' | 'root' | null> {
  if (names.includes('batch.json') && names.includes('journal.jsonl'))
    return (await beginsWith(join(path, 'batch.json'), BATCH_START)) ? 'batch' : null;
  if (!names.includes('bin') || !names.includes('cache')) return null;
  const helpers = await readdir(join(path, 'bin')).catch((): string[] => []);
  return helpers.some((name) => HELPER.test(name)) ? 'root' : null;
}

/** Whether a link leads to a batch, as `batches/latest` does. */
export async function leadsToBatch(link: string): Promise<boolean> {
  const found = await stat(link).catch(() => null);
  if (!found?.isDirectory()) return false;
  return (await ownPlace(link, await readdir(link).catch((): string[] => []))) === 'batch';
}

async function beginsWith(path: string, start: string): Promise<boolean> {
  const file = await open(path).catch(() => null);
  if (!file) return false;
  try {
    const { buffer } = await file.read(Buffer.alloc(start.length), 0, start.length, 0);
    return buffer.toString('latin1') === start;
  } finally {
    await file.close();
  }
}

const BATCH_START = '{\n"schema":';
const HELPER = /^gjob-[0-9a-f]{64}$/;
