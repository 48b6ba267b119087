import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { StateError } from '../../src/errors.js';
import { createBatchDirectory } from '../../src/journal/batch-directory.js';
import { lockBatch } from '../../src/journal/batch-lock.js';
import { openBatchStore } from '../../src/journal/batch-store.js';
import { tempDir } from '../helpers/temp-dir.js';

test('a batch is held once, by whatever name, until it is let go', async (t) => {
  const parent = await tempDir(t);
  const directory = await createBatchDirectory({ out: join(parent, 'b'), name: 'b', now: 0 });
  await symlink(directory.path, join(parent, 'link'));
  const store = await openBatchStore(directory);
  const error = await t.throwsAsync(lockBatch({ path: join(parent, 'link') }), {
    instanceOf: StateError,
    code: 'E_BATCH_HELD',
  });
  t.regex(error.message, new RegExp(`process ${process.pid} on `));
  await t.throwsAsync(openBatchStore(directory), { code: 'E_BATCH_HELD' });
  await store.close();
  (await lockBatch(directory)).release();
});

test('a batch that could not be opened is not held', async (t) => {
  const parent = await tempDir(t);
  const directory = await createBatchDirectory({ out: join(parent, 'b'), name: 'b', now: 0 });
  const openFile = () => Promise.reject(new Error('broken'));
  await t.throwsAsync(openBatchStore(directory, { openFile }));
  await (await openBatchStore(directory)).close();
  t.pass();
});

test('a holder that does not answer is named all the same', async (t) => {
  const directory = await createBatchDirectory({ out: join(await tempDir(t), 'b'), name: 'b', now: 0 });
  const script = `
    import { BatchDirectory } from '${import.meta.resolve('../../src/journal/batch-directory.js')}';
    import { lockBatch } from '${import.meta.resolve('../../src/journal/batch-lock.js')}';
    await lockBatch(new BatchDirectory('${directory.path}'));
    console.log('held');
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script]);
  t.teardown(() => void holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  holder.kill('SIGSTOP');
  const error = await t.throwsAsync(lockBatch(directory), { code: 'E_BATCH_HELD' });
  const who = process.platform === 'linux' ? `process ${holder.pid} on ` : 'another process';
  t.true(error instanceof StateError && error.what.includes(who), `${error}`);
});
