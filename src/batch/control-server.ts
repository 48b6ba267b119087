import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { toFault } from '../errors.js';
import { readSocketLines, sendLine } from './control-lines.js';
import { controlError, MOST_QUESTION_BYTES, type PlainQuestion } from './control-protocol.js';
import { listenAt, SOCKET_NAME } from './control-socket.js';
import { EventStream } from './event-stream.js';
import { parseQuestion } from './parse-question.js';

/** Who answers what comes through the socket. */
export interface ControlDesk {
  readonly directory: string;
  readonly journalFile: string;
  /** Of the last event that the state has. */
  readonly lastSeq: () => number;
  /** What it throws is told to the one who asked. */
  answer(question: PlainQuestion): Promise<unknown>;
}

/**
 * Answers questions and takes orders at a Unix socket in the batch's directory. Whatever comes through it, and however slow the
 * one behind it reads, the batch goes on.
 */
export class ControlServer {
  readonly #desk: ControlDesk;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #streams = new Set<EventStream>();
  #closed = false;

  constructor(desk: ControlDesk) {
    this.#desk = desk;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = MOST_CONNECTIONS;
  }

  /** Rejects when no socket can be made there: some file systems have none. */
  async open(): Promise<void> {
    await listenAt(this.#server, this.#desk.directory);
    this.#server.unref();
  }

  /** Call it when there are new events. */
  notify(): void {
    for (const stream of this.#streams) stream.wake();
  }

  /** Sends those who follow the last events, and lets go of the socket. Call it while the batch is held. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#server.close();
    await rm(join(this.#desk.directory, SOCKET_NAME), { force: true });
    for (const stream of this.#streams) stream.end();
    const done = Promise.allSettled([...this.#streams].map((stream) => stream.done()));
    const stalled = [...this.#sockets].some((socket) => socket.writableNeedDrain);
    await Promise.race([done, sleep(stalled ? STALLED_MS : CLOSE_MS, undefined, { ref: false })]);
    for (const socket of this.#sockets) socket.destroySoon();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.unref();
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
    this.#serve(socket).catch(() => socket.destroy());
  }

  /** One question after the other. */
  async #serve(socket: Socket): Promise<void> {
    for await (const line of readSocketLines(socket, MOST_QUESTION_BYTES)) {
      await this.#reply(socket, line);
    }
    socket.destroySoon();
  }

  async #reply(socket: Socket, line: string | null): Promise<void> {
    try {
      if (line === null) throw controlError('the question is too long');
      const question = parseQuestion(line);
      // Not waited for: an end of the connection is noticed by reading on.
      if (question.ask === 'events') this.#stream(socket, question.from);
      else await sendLine(socket, { answer: await this.#desk.answer(question) });
    } catch (error) {
      await sendLine(socket, { error: toFault(error, 'control.sock') });
    }
  }

  #stream(socket: Socket, from: number): void {
    const { journalFile, lastSeq } = this.#desk;
    const stream = new EventStream(socket, { journalFile, from, lastSeq });
    this.#streams.add(stream);
    if (this.#closed) stream.end();
    const forget = (): void => void this.#streams.delete(stream);
    stream.done().then(forget, (error: unknown) => {
      forget();
      void sendLine(socket, { error: toFault(error, 'control.sock') });
    });
  }
}

/** Nobody has more terminals than this. */
const MOST_CONNECTIONS = 64;
/** One that asks nothing for so long is dropped. */
const IDLE_MS = 60_000;
/** So long a batch waits at its end for those who follow it, and when one of them does not read. */
const CLOSE_MS = 10_000;
const STALLED_MS = 500;
