import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { holdsBytes, localPath } from '../../../bytes.js';

/** Runs `act` with a name of a local file that any library takes: one that is not UTF-8 is opened, and goes by its descriptor. */
export async function withLocalName<T>(path: string, act: (name: string) => Promise<T>): Promise<T> {
  if (!holdsBytes(path)) return act(path);
  const file = await open(localPath(path), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return await act(`/proc/self/fd/${file.fd}`);
  } finally {
    await file.close();
  }
}
