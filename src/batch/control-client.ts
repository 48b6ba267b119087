import type { Socket } from 'node:net';
import { z } from 'zod';
import { ERROR_CODES, type ErrorCode, SpecError, StateError } from '../errors.js';
import type { Recorded } from '../events/event.js';
import type { BatchDirectory } from '../journal/batch-directory.js';
import { isErrno } from '../journal/private-file.js';
import { readSocketLines, sendLine } from './control-lines.js';
import { type Answers, controlError, type PlainQuestion, type Question } from './control-protocol.js';
import { connectTo } from './control-socket.js';

type Place = Pick<BatchDirectory, 'path'>;

/**
 * Asks the controller of a batch, for at most `limitMs` of silence (20 s unless told); null when the batch is not run by anyone now. Throws what the controller refuses it with, and a
 * StateError (E_CONTROL) when it does not answer.
 */
export async function askManager<Q extends PlainQuestion>(
  { path }: Place,
  question: Q,
  limitMs = ANSWER_MS,
): Promise<Answers[Q['ask']] | null> {
  const socket = await connectTo(path);
  if (!socket) return null;
  const giveUp = (): void => void socket.destroy(controlError('the controller does not answer'));
  socket.setTimeout(limitMs, giveUp);
  const limit = setTimeout(giveUp, LONGEST_ANSWER * limitMs);
  try {
    for await (const reply of ask<{ readonly answer: Answers[Q['ask']] }>(socket, question))
      return reply.answer;
    // It let go of the batch just then.
    return null;
  } finally {
    clearTimeout(limit);
    socket.destroy();
  }
}

/**
 * The events of a batch that runs, from number `from` on, until the controller lets go of it. Answers null when nobody runs
 * it. Throws a StateError (E_CONTROL) when the controller vanished.
 */
export async function followEvents({ path }: Place, from: number): Promise<EventFeed | null> {
  const socket = await connectTo(path);
  return socket && { events: readFeed(socket, from), close: () => void socket.destroy() };
}

/** Events as they come. */
export interface EventFeed {
  readonly events: AsyncIterable<readonly Recorded[]>;
  close(): void;
}

async function* readFeed(socket: Socket, from: number): AsyncGenerator<readonly Recorded[]> {
  type Piece = { readonly events: readonly Recorded[] } | { readonly end: true };
  for await (const piece of ask<Piece>(socket, { ask: 'events', from })) {
    if ('end' in piece) return;
    yield piece.events;
  }
  throw new StateError('E_CONTROL', {
    what: 'the controller has gone',
    where: 'control.sock',
    next: 'What runs on the hosts goes on; `gpool resume` goes on with the batch.',
  });
}

async function* ask<R extends object>(socket: Socket, question: Question): AsyncGenerator<R> {
  // What a socket that is broken has to say comes from reading it.
  socket.on('error', () => {});
  await sendLine(socket, question);
  try {
    for await (const line of readSocketLines(socket, MOST_ANSWER_BYTES)) {
      if (line === null) throw controlError('the answer is too long');
      const reply: R | { readonly error: unknown } = parseReply(line);
      if ('error' in reply) throw toError(reply.error);
      yield reply;
    }
  } catch (error) {
    // A controller that was killed with a question unread ends like one that has let go.
    if (!isErrno(error, 'ECONNRESET')) throw error;
  }
}

function parseReply<R extends object>(line: string): R {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw controlError('the answer makes no sense', cause);
  }
}

/** The controller's words, as if they had been said here. */
function toError(said: unknown): SpecError | StateError {
  const { data } = FAULT.safeParse(said);
  if (!data) return controlError('the answer makes no sense');
  const { domain, code, what, where, next } = data;
  const Kind = domain === 'spec' ? SpecError : StateError;
  return new Kind(isErrorCode(code) ? code : 'E_CONTROL', { what, where, next });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

const word = z.string().max(10_000);
const FAULT = z.object({ domain: word, code: word, what: word, where: word, next: word });
/** Twice what the status of a million jobs takes. */
const MOST_ANSWER_BYTES = 400 * 1024 * 1024;
/** So many times the limit on silence a whole answer may take. */
const LONGEST_ANSWER = 15;
const ANSWER_MS = 20_000;
