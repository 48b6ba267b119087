import { closeSync, openSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';

/**
 * Appends to a file (0600), once in each turn of the event loop and at once: what only reaches the page cache is not
 * worth a trip to the thread pool. A fault is an `error` of the stream, which is over then.
 */
export function openLineFile(path: string): Writable {
  let file: number | null = null;
  let waiting: Buffer[] = [];
  const flush = () => {
    if (waiting.length === 0) return;
    const bytes = Buffer.concat(waiting);
    waiting = [];
    file ??= openSync(path, 'a', 0o600);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  };
  const attempt = (act: () => void, done: (error: Error | null) => void) => {
    try {
      act();
      done(null);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (waiting.push(chunk) === 1)
        setImmediate(() => attempt(flush, (error) => error && stream.destroy(error)));
      done();
    },
    final: (done) => attempt(flush, done),
    destroy(error, done) {
      const opened = file;
      waiting = [];
      attempt(
        () => opened !== null && closeSync(opened),
        (fault) => done(error ?? fault),
      );
    },
  });
  return stream;
}
