import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { ExecutionContext } from 'ava';
import type { BatchRun } from '../../src/batch/batch-run.js';
import { runBatch } from '../../src/batch/run-batch.js';
import type { BatchEnd } from '../../src/batch/watched-batch.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { parseHosts } from '../../src/spec/inventory/parse-hosts.js';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { makeSpecs } from './make-specs.js';
import { tempDir } from './temp-dir.js';
import { waitFor } from './wait-for.js';

/** A batch that runs in this process, on one embedded host with one slot. */
export interface ControlledBatch {
  readonly directory: BatchDirectory;
  readonly batch: BatchRun;
  readonly ended: Promise<BatchEnd>;
  /** Lets the jobs end. */
  letGo(): Promise<void>;
}

/** Starts a batch whose jobs wait for a word, and waits for its first job and its socket. */
export async function startControlled(
  t: ExecutionContext,
  { jobs = 3, out = 'b' }: { readonly jobs?: number; readonly out?: string } = {},
): Promise<ControlledBatch> {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names: ['lab01'] });
  t.teardown(() => pool.close());
  const script = `echo begun; touch ${cwd}/started; until [ -e ${cwd}/go ]; do sleep 0.3; done`;
  const batch = await runBatch({
    name: 'controlled',
    specs: makeSpecs(jobs, { commands: [script] }),
    hosts: parseHosts('1/lab01'),
    options: { configFile: pool.sshConfig },
    cwd,
    out: join(cwd, out),
    onLogError: (error) => t.fail(String(error)),
  });
  const ended = batch.start();
  await waitFor(() => existsSync(join(cwd, 'started')) && batch.progress().running === 1, {
    limitMs: 60_000,
    what: 'the news of the first job',
  });
  return {
    directory: new BatchDirectory(batch.directory),
    batch,
    ended,
    letGo: () => writeFile(join(cwd, 'go'), ''),
  };
}

/** A raw connection to a batch's socket. */
export async function connectRaw({ path }: BatchDirectory): Promise<Socket> {
  const socket = connect(join(path, 'control.sock'));
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

/** All that comes until the other side ends. */
export async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (piece) => {
    text += piece;
  });
  await finished(socket, { writable: false }).catch(() => {});
  return text;
}
