import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateError } from '../errors.js';
import type { BatchDirectory } from './batch-directory.js';
import { findListener } from './find-listener.js';

/** A batch that this process holds: no other one may run it meanwhile. */
export interface BatchLock {
  release(): void;
}

/**
 * Holds a batch until `release`, or until this process ends in whatever way: the lock is a listening socket, which the
 * system closes. Who asks at the socket is told who holds it. Another machine that shares the directory is not kept out.
 *
 * @throws StateError (E_BATCH_HELD) that names the process that has it.
 */
export async function lockBatch({ path }: Pick<BatchDirectory, 'path'>): Promise<BatchLock> {
  const address = await socketAddress(path);
  const server = (await listen(address)) ?? (await takeOver(address));
  if (server) return { release: () => void server.close() };
  const holder = (await askHolder(address)) || (await lookUpHolder(address));
  throw new StateError('E_BATCH_HELD', { what: `the batch is run by ${holder}`, where: path });
}

/** By what the directory is, not by what it is called: a link to it is the same batch. */
async function socketAddress(directory: string): Promise<string> {
  const { dev, ino } = await stat(directory);
  const name = `gpool-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32)}`;
  return ABSTRACT ? `\0${name}` : join(tmpdir(), name);
}

/** Null when someone listens there, or left a socket file behind. */
async function listen(address: string): Promise<Server | null> {
  const server = createServer((asker) => {
    asker.unref().on('error', () => {});
    asker.end(`process ${process.pid} on ${hostname()}`);
  });
  server.unref().listen(address);
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return null;
    throw error;
  }
}

/** Where sockets are files, one whose process has died is removed. */
async function takeOver(address: string): Promise<Server | null> {
  if (ABSTRACT || (await askHolder(address)) !== null) return null;
  await rm(address, { force: true });
  return listen(address);
}

/** What the holder says of itself, empty when it is too busy to answer; null when nobody listens. */
async function askHolder(address: string): Promise<string | null> {
  const asker = connect(address).setTimeout(ANSWER_MS, () => asker.destroy());
  let answer = '';
  asker.setEncoding('utf8').on('data', (text) => {
    answer += text;
  });
  try {
    await once(asker, 'close');
    return answer;
  } catch {
    return null;
  }
}

/** For one that is stopped or too busy to answer. */
async function lookUpHolder(address: string): Promise<string> {
  const pid = await findListener(address.slice(1));
  return pid === null ? 'another process' : `process ${pid} on ${hostname()}`;
}

/** Linux has socket names that are no files and vanish with their socket. */
const ABSTRACT = process.platform === 'linux';
const ANSWER_MS = 1000;
