import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { SpecError } from '../../errors.js';

/** The text of a file of arguments; `-` is standard input. Throws E_INPUT_MISSING or E_INPUT_DENIED. */
export async function readInput(path: string): Promise<string> {
  if (path === '-') return text(process.stdin);
  try {
    return await readFile(path, 'utf8');
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
