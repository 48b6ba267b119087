import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { TransportError } from '../../../errors.js';
import { escapeField } from '../escape.js';
import { runVerb, type Session } from '../session.js';
import type { LocalTree } from './local-tree.js';
import type { ReturnedFile } from './return-manifest.js';

/**
 * Fetches one file of a job's returns. It gets its name when it has the size and the digest that the host took of it: before, or while it came.
 *
 * @throws TransportError E_TRANSFER when it has not; what `runVerb`, the Shell and the LocalTree throw.
 */
export async function fetchFile(
  session: Session,
  attempt: string,
  file: ReturnedFile,
  tree: LocalTree,
): Promise<void> {
  const { shell, paths } = session;
  const { path, size, mode, mtime } = file;
  const look = { mode, mtime };
  await tree.placeFile(path, look, async (part) => {
    const hash = createHash('sha256');
    const announced = file.sha256 ?? askDigest(session, attempt, path);
    const copying = shell.getFile(paths.work(attempt, path), part, size, {
      onBytes: (bytes) => hash.update(bytes),
    });
    await Promise.allSettled([copying, announced]); // nothing is asked or written after the answer
    await copying;
    const same = (await stat(part)).size === size && hash.digest('hex') === (await announced);
    if (same) return;
    throw new TransportError('E_TRANSFER', {
      what: `${JSON.stringify(path)} is not what the host announced`,
      where: shell.where,
    });
  });
}

async function askDigest(session: Session, attempt: string, path: string): Promise<string> {
  const { hostId, batch } = session.paths;
  const input = `${escapeField(path)}\n`;
  const { stdout } = await runVerb(session, 'digest', [hostId, batch, attempt], {
    input,
    refusable: true,
    deadlineMs: DIGEST_MS,
  });
  return stdout.toString('latin1').trim();
}

const DIGEST_MS = 600_000;
