import { randomBytes } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readBlocks } from '../src/read-blocks.js';
import { tempDir } from './helpers/temp-dir.js';

const BLOCK = 256 * 1024;

test('a file of any size is read whole and in order', async (t) => {
  const path = join(await tempDir(t), 'file');
  for (const size of [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 7]) {
    const bytes = randomBytes(size);
    await writeFile(path, bytes);
    const file = await open(path);
    const blocks: Buffer[] = [];
    for await (const block of readBlocks(file)) blocks.push(Buffer.from(block));
    await file.close();
    t.true(Buffer.concat(blocks).equals(bytes), `${size} bytes`);
  }
});

test('whoever stops early can close the file at once', async (t) => {
  const path = join(await tempDir(t), 'file');
  await writeFile(path, randomBytes(4 * BLOCK));
  const file = await open(path);
  for await (const block of readBlocks(file)) {
    t.is(block.length, BLOCK);
    break;
  }
  await t.notThrowsAsync(file.close());
});

test('a file that cannot be read says so', async (t) => {
  const file = await open(await tempDir(t));
  const reading = (async () => {
    for await (const _ of readBlocks(file));
  })();
  await t.throwsAsync(reading, { code: 'EISDIR' });
  await file.close();
});
