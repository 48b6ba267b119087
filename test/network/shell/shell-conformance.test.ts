import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { createLocalShell } from '../../../src/network/shell/local-shell.js';
import { createSsh2Shell } from '../../../src/network/shell/ssh2/ssh2-shell.js';
import { startEmbeddedHosts } from '../../../src/testing/embedded-hosts.js';
import { testShellConformance } from './shell-conformance.js';

const directory = realpath(tmpdir()).then((root) => mkdtemp(join(root, 'gpool-test-')));
const pool = startEmbeddedHosts({ names: ['lab01'] });

test.after.always(async () => {
  await (await pool).close();
  await rm(await directory, { recursive: true, force: true });
});

testShellConformance({
  name: 'this machine',
  test: test.serial,
  thorough: true,
  fixture: async () => {
    const home = await directory;
    return { home, createShell: () => createLocalShell({ home }) };
  },
});

testShellConformance({
  name: 'ssh2 to an embedded host',
  test: test.serial,
  thorough: true,
  fixture: async () => {
    const { hosts, sshConfig } = await pool;
    const [host] = hosts;
    if (host === undefined) throw new Error('the pool has no host');
    const createShell = () => createSsh2Shell({ kind: 'ssh', address: host.name }, { configFile: sshConfig });
    return { home: host.home, createShell, drop: () => host.drop() };
  },
});
