import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { localPath, textOfBytes } from '../../bytes.js';
import { SpecError } from '../../errors.js';

/** The text of a file of arguments, whatever its bytes are; `-` is standard input. Throws E_INPUT_MISSING or E_INPUT_DENIED. */
export async function readInput(path: string): Promise<string> {
  if (path === '-') return textOfBytes(await buffer(process.stdin));
  try {
    return textOfBytes(await readFile(localPath(path)));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    throw new SpecError(missing ? 'E_INPUT_MISSING' : 'E_INPUT_DENIED', {
      what: missing ? 'there is no such file' : `the file cannot be read (${code})`,
      where: path,
      operation: 'read the arguments',
      cause,
    });
  }
}
