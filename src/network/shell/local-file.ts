import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { SpecError } from '../../errors.js';

/**
 * Opens a local regular file to read, and nothing else: a FIFO would hold us up for ever.
 *
 * @throws SpecError E_INPUT_MISSING or E_INPUT_DENIED.
 */
export async function openSource(path: string): Promise<FileHandle> {
  const source = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw new SpecError(missing ? 'E_INPUT_MISSING' : 'E_INPUT_DENIED', {
      what: missing ? 'there is no such file' : 'the file cannot be read',
      where: path,
      cause,
    });
  });
  if ((await source.stat()).isFile()) return source;
  await source.close();
  const next = 'Name a file or a directory.';
  throw new SpecError('E_INPUT_DENIED', { what: 'this is not a regular file', where: path, next });
}

/** Creates a file that must not exist, mode 0600, never following a link; removes it again unless it was written whole. */
export async function writeWhole(path: string, write: (target: FileHandle) => Promise<void>): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const target = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await write(target).finally(() => target.close());
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
