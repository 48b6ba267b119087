import { open } from 'node:fs/promises';
import { formatJournalLine, JOURNAL_VERSION, type JournalHeader } from './journal-line.js';

/**
 * Raises the version of an older journal, before anything is added that an older gpool could not read: that one then answers that the batch
 * is newer. Only the first line changes, in its place: one write of fewer bytes than a disk's sector, which is there whole or not at all.
 * Resolves once it is on the disk. Throws what the system throws.
 */
export async function raiseVersion(path: string, header: JournalHeader): Promise<void> {
  if (header.version >= JOURNAL_VERSION) return;
  const line = Buffer.from(formatJournalLine({ ...header, version: JOURNAL_VERSION }));
  const file = await open(path, 'r+');
  try {
    await file.write(line, 0, line.length, 0);
    await file.datasync();
  } finally {
    await file.close();
  }
}
