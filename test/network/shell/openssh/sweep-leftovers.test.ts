import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { sweepLeftovers } from '../../../../src/network/shell/openssh/sweep-leftovers.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const OLD = new Date(Date.now() - 3_600_000);

test('what killed processes left in the temporary directory is swept, and nothing else', async (t) => {
  const parent = await tempDir(t);
  const child = spawn('true');
  await once(child, 'exit');
  const names = {
    dead: `gp-${child.pid}-AbCd12`,
    older: 'gp-AbCd12',
    heard: 'gp-AbCd13',
    alive: `gp-${process.pid}-AbCd12`,
    new: `gp-${child.pid}-AbCd13`,
    another: 'gp-notes-2026',
    file: 'gp-AbCd14',
  };
  const { file, ...directories } = names;
  await writeFile(join(parent, file), '');
  for (const name of Object.values(directories)) {
    await mkdir(join(parent, name));
    await writeFile(join(parent, name, 'config'), '');
  }
  const server = createServer().listen(join(parent, names.heard, 'm'));
  await once(server, 'listening');
  t.teardown(() => void server.close());
  for (const name of Object.values(names)) if (name !== names.new) await utimes(join(parent, name), OLD, OLD);
  await sweepLeftovers(parent);
  const { dead, older, ...kept } = names;
  t.deepEqual((await readdir(parent)).sort(), Object.values(kept).sort());
  t.not(dead, older);
});
