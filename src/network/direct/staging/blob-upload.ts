import { stat } from 'node:fs/promises';
import { localPath } from '../../../bytes.js';
import { JobError } from '../../../errors.js';
import { remoteFault } from '../remote-fault.js';
import type { Session } from '../session.js';
import { fileVersion } from './digests.js';
import type { Blob } from './layout.js';
import { withLocalName } from './local-name.js';

/**
 * Sends one input to its temporary name in the host's cache; the host's check comes later.
 *
 * @throws JobError E_INPUT_CHANGED when the file is not what was digested, before or after; what the Shell throws.
 */
export async function sendBlob({ shell, paths }: Session, blob: Blob): Promise<void> {
  await checkUnchanged(blob);
  const part = paths.part(blob.sha256);
  try {
    await withLocalName(blob.source, (name) => shell.putFile(name, part));
  } catch (cause) {
    throw await remoteFault(shell, paths.root, cause, part);
  }
  await checkUnchanged(blob);
}

async function checkUnchanged({ source, version }: Blob): Promise<void> {
  const found = await stat(localPath(source)).catch(() => null);
  if (found && fileVersion(found) === version) return;
  throw new JobError('E_INPUT_CHANGED', {
    what: found ? 'the file changed after it was digested' : 'the file vanished',
    where: source,
  });
}
