import { fstatSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** What was noticed of an output that takes nothing more. */
export type OutputFaultListener = (name: 'stdout' | 'stderr', error: NodeJS.ErrnoException) => void;

/**
 * Sees to it that no output ends the command: one whose reader has gone (`| head`, a closed terminal) is passed over in silence, and
 * `onFault` hears once of one that fails otherwise, on a full disk for example. What is written to a file is written whole: Node takes
 * a part for all.
 */
export function guardOutputs(onFault: OutputFaultListener): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const fd = FDS[name];
    let told = false;
    process[name].on('error', (error: NodeJS.ErrnoException) => {
      if (told || isReaderGone(fd, error)) return;
      told = true;
      onFault(name, error);
    });
    if (isFile(fd)) writeWhole(process[name], fd);
  }
}

function isReaderGone(fd: number, { code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || (code === 'EIO' && !isFile(fd));
}

/** A file, or a device that is no terminal. */
function isFile(fd: number): boolean {
  try {
    const found = fstatSync(fd);
    return (found.isFile() || found.isCharacterDevice()) && !isatty(fd);
  } catch {
    return false;
  }
}

function writeWhole(output: NodeJS.WriteStream, fd: number): void {
  output._write = (chunk: Buffer, _encoding, done): void => {
    try {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    done();
  };
}

const FDS = { stdout: 1, stderr: 2 } as const;
