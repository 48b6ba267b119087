import { once } from 'node:events';
import type { Writable } from 'node:stream';
import winston from 'winston';
import type { Recorded } from '../events/event.js';
import { openLineFile } from './line-file.js';
import type { JobFinder } from './log-line.js';
import { LogText } from './log-text.js';

export interface EventLogOptions {
  /** Takes the lines for people; never ended by us. */
  readonly log?: NodeJS.WritableStream;
  /** Path of the JSON lines, appended to; 0600. */
  readonly jsonLog?: string;
  readonly findJob: JobFinder;
  /** Hears of a log that cannot be written; the batch goes on. */
  readonly onError: (error: unknown) => void;
}

/** Writes events as lines for people and as JSON lines, through winston. */
export class EventLog {
  readonly #text: LogText;
  readonly #file: Writable | null;
  readonly #transports: winston.transport[];
  readonly #logger: winston.Logger;
  readonly #detach: () => void;

  constructor({ log, jsonLog, findJob, onError }: EventLogOptions) {
    this.#text = new LogText(findJob);
    this.#file = jsonLog === undefined ? null : openLineFile(jsonLog);
    this.#file?.on('error', onError);
    log?.on('error', onError);
    this.#detach = () => void log?.off('error', onError);
    this.#transports = [
      ...(log ? [createTransport(log, TEXT)] : []),
      ...(this.#file ? [createTransport(this.#file, JSON_LINES)] : []),
    ];
    this.#logger = winston.createLogger({
      transports: this.#transports,
      silent: this.#transports.length === 0,
    });
  }

  write(event: Recorded): void {
    this.#logger.log({ level: 'info', message: this.#text.append(event) ?? '', event });
  }

  /** Resolves once the last line is written. */
  async close(): Promise<void> {
    this.#logger.log({ level: 'info', message: this.#text.end() });
    const written = this.#transports.map((transport) => once(transport, 'finish'));
    this.#logger.end();
    await Promise.all(written);
    this.#detach();
    if (this.#file) await endFile(this.#file);
  }
}

function createTransport(stream: NodeJS.WritableStream, format: winston.Logform.Format): winston.transport {
  return new winston.transports.Stream({ stream, format, eol: '' });
}

/** The line ends come with the text: a WAIT line grows. */
const TEXT = winston.format.combine(
  winston.format((info) => (info.message === '' ? false : info))(),
  winston.format.printf(({ message }) => String(message)),
);

const JSON_LINES = winston.format.combine(
  winston.format((info) => (info.event === undefined ? false : info))(),
  winston.format.printf(({ event }) => `${JSON.stringify(event)}\n`),
);

/** A file that could not be opened or written has said so by its error. */
async function endFile(file: Writable): Promise<void> {
  if (file.destroyed) return;
  const closed = new Promise<void>((resolve) => void file.once('close', resolve));
  file.end();
  await closed;
}
