import type { Clock } from '../../../clock.js';
import { TransportError } from '../../../errors.js';
import { runVerb, type Session } from '../session.js';

/** A part of an attempt's stdout (`log`) or stderr (`err`). */
export interface OutputPiece {
  readonly attempt: string;
  readonly file: 'log' | 'err';
  readonly from: number;
  readonly maxBytes: number;
}

/** `size` is the whole file's; -1 when there is none. */
export interface FetchedPiece {
  readonly size: number;
  readonly bytes: Buffer;
}

interface Wanted extends OutputPiece {
  readonly resolve: (piece: FetchedPiece) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Fetches outputs from one host, in rounds: what is asked for meanwhile goes together into the next. A round costs the
 * host a bash, which its jobs would have had: so rounds take no more than a quarter of the time, unless they are slow.
 */
export class OutputFetcher {
  #wanted: Wanted[] = [];
  #running = false;
  /** On the clock's own time. */
  #restUntil = 0;

  constructor(
    readonly session: () => Session,
    readonly clock: Clock,
  ) {}

  fetch(piece: OutputPiece): Promise<FetchedPiece> {
    return new Promise((resolve, reject) => {
      this.#wanted.push({ ...piece, resolve, reject });
      if (!this.#running) void this.#runRounds();
    });
  }

  async #runRounds(): Promise<void> {
    this.#running = true;
    while (this.#wanted.length > 0) {
      await this.#pause(this.#restUntil - this.clock.elapsed());
      const began = this.clock.elapsed();
      const round = this.#wanted.splice(0, roundLength(this.#wanted));
      try {
        const pieces = await fetchPieces(this.session(), round);
        for (const [at, piece] of pieces.entries()) round[at]?.resolve(piece);
      } catch (error) {
        for (const { reject } of round) reject(error);
      }
      const now = this.clock.elapsed();
      this.#restUntil = now + Math.min(3 * (now - began), LONGEST_REST_MS);
    }
    this.#running = false;
  }

  /** Only while somebody waits for an answer, so it may keep the process alive. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (ms > 0) this.clock.after(ms, resolve);
      else setImmediate(resolve);
    });
  }
}

/** As many as fit into one answer; at least one. */
function roundLength(wanted: readonly Wanted[]): number {
  let bytes = 0;
  const tooMany = wanted.findIndex(({ maxBytes }) => {
    bytes += maxBytes;
    return bytes > MAX_ROUND_BYTES;
  });
  return Math.max(1, tooMany < 0 ? wanted.length : tooMany);
}

async function fetchPieces(session: Session, pieces: readonly OutputPiece[]): Promise<FetchedPiece[]> {
  const input = pieces
    .map(({ attempt, file, from, maxBytes }) => `${attempt}\t${file}\t${from}\t${maxBytes}\n`)
    .join('');
  const { hostId, batch } = session.paths;
  const { stdout } = await runVerb(session, 'fetch', [hostId, batch], { input, maxBytes: MAX_ANSWER_BYTES });
  const fault = (what: string) =>
    new TransportError('E_TRANSFER', { what, where: session.shell.where, operation: 'fetch output' });
  let at = 0;
  const headers = pieces.map(({ attempt, file, maxBytes }) => {
    const end = stdout.indexOf('\n', at);
    const fields = stdout.toString('latin1', at, Math.max(at, end)).split('\t');
    const [size, count] = [Number(fields[2]), Number(fields[3])];
    const asked = fields.length === 4 && fields[0] === attempt && fields[1] === file;
    const sane =
      Number.isSafeInteger(size) && size >= -1 && Number.isInteger(count) && count >= 0 && count <= maxBytes;
    if (!asked || !sane) throw fault('the host answered something else than was asked');
    at = end + 1;
    return { size, count };
  });
  at += 1; // the empty line
  return headers.map(({ size, count }) => {
    const bytes = stdout.subarray(at, at + count);
    if (bytes.length !== count) throw fault('the output is shorter than the host said');
    at += count;
    return { size, bytes };
  });
}

const LONGEST_REST_MS = 250;
const MAX_ROUND_BYTES = 32 * 1024 * 1024;
const MAX_ANSWER_BYTES = 2 * MAX_ROUND_BYTES;
