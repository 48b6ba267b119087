import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SCRIPT_SHELL } from '../../src/network/shell/remote-script.js';
import { type EmbeddedHostOptions, type EmbeddedPool, startEmbeddedHosts } from '../../src/testing/index.js';
import { type GpoolRun, runGpool } from '../helpers/run-gpool.js';
import { mountSmall } from '../helpers/small-disk.js';
import { type Teardown, tempDir } from '../helpers/temp-dir.js';
import { sshdTest } from '../helpers/tiers.js';

interface BadHost {
  readonly title: string;
  readonly options?: EmbeddedHostOptions;
  /** gpool's directory there. */
  readonly root?: string;
  readonly says: RegExp;
}

/** A host on which this program stands in front of another of its name. */
function fakeProgram(name: string, lines: readonly string[]): EmbeddedHostOptions {
  const script = ['#!/bin/bash', ...lines].map((line) => `'${line}'`).join(' ');
  const path = '"$HOME/fake"';
  const prepare = `mkdir -p ${path}; printf '%s\\n' ${script} > ${path}/${name}; chmod +x ${path}/${name}`;
  return { faults: { forceCommand: `${prepare}; PATH=${path}:$PATH exec ${SCRIPT_SHELL.join(' ')}` } };
}

const BAD_HOSTS: readonly BadHost[] = [
  { title: 'a refused login', options: { faults: { refuseAuth: true } }, says: /bad.*E_AUTH/ },
  {
    title: 'a nologin shell',
    options: { faults: { forceCommand: 'echo this account is not available; exit 1' } },
    says: /bad.*this account is not available.*E_LOGIN_SHELL/,
  },
  {
    title: 'no bash',
    options: { faults: { forceCommand: `PATH=/nowhere exec ${SCRIPT_SHELL.join(' ')}` } },
    says: /bad.*E_NO_BASH/,
  },
  {
    title: 'an old bash',
    options: fakeProgram('bash', [
      'exec /bin/bash "$@" < <(sed -u "s/BASH_VERSINFO\\[0]/3/; s/[$]BASH_VERSION/3.2.57/")',
    ]),
    says: /bad.*its bash is 3\.2\.57, gpool needs 4\.2 \(E_OLD_BASH\)/,
  },
  { title: 'no SFTP', options: { faults: { noSftp: true } }, says: /bad.*E_NO_SFTP/ },
  {
    title: 'a helper that changes on the host',
    options: fakeProgram('sha256sum', [
      '[ ! -e ~/sent ] || { echo changed; exit; }',
      'touch ~/sent; exec /usr/bin/sha256sum "$@"',
    ]),
    says: /bad.*(changed right after it was sent|did not arrive whole) \(E_HELPER\)/,
  },
  { title: 'an unwritable root directory', root: '/proc/nowhere', says: /bad.*\/proc\/nowhere.*E_ROOT/s },
];

for (const bad of BAD_HOSTS) {
  test.serial(`${bad.title}: one clear line, and the other hosts do the jobs`, (t) => runBesideGood(t, bad));
}

sshdTest('a full disk on a host: one clear line, and the other hosts do the jobs', async (t) => {
  const root = join(await tempDir(t), 'small');
  await mountSmall(t, root, 'size=16k');
  await runBesideGood(t, { title: 'full', root, says: /bad.*E_REMOTE_DISK/ });
  t.deepEqual(await readdir(join(root, 'bin')), []);
});

sshdTest('a full disk here fails the jobs whose results do not fit, and no others', async (t) => {
  const cwd = await tempDir(t);
  await mountSmall(t, join(cwd, 'small'), 'size=1m');
  const args = ['--', 'head -c {} /dev/zero', ':::', '10', '3000000', '20'];
  const run = await runGpool(['run', '--quiet', '--out', 'small/b', '-j', '1', ...args], { cwd });
  t.is(run.code, 1, run.stderr);
  t.regex(run.stderr, /E_LOCAL_DISK/);
  t.regex(run.stderr, /2 done, 1 failed/);
  t.deepEqual(await readdir(join(cwd, 'small/b/jobs/2/1')).catch(() => []), []);
});

test.serial(
  'one that refuses, one without an address and one that is no SSH server are told apart',
  async (t) => {
    const cwd = await tempDir(t);
    const port = await serveNonsense(t);
    const pool = await startPool(t, { names: ['good'] });
    const hosts = `good,127.0.0.1:1,nowhere.invalid,127.0.0.1:${port}`;
    const run = await runJobs(cwd, pool, ['-S', hosts]);
    t.is(run.code, 0, run.stderr);
    for (const code of ['E_CONN_REFUSED', 'E_DNS', 'E_NOT_SSH']) t.regex(run.stderr, new RegExp(code));

    const none = await runGpool(
      ['exec', '--json', '--no-input', '-S', hosts.replace('good,', ''), '--', 'true'],
      { cwd },
    );
    t.is(none.code, 4, none.stderr);
    const { faults }: { faults: { code: string }[] } = JSON.parse(none.stdout);
    t.deepEqual(
      faults.map(({ code }) => code),
      ['E_CONN_REFUSED', 'E_DNS', 'E_NOT_SSH'],
    );
  },
);

/** A good host beside the bad one must do all the jobs; what is wrong with the bad one is said in one line. */
async function runBesideGood(t: ExecutionContext, { options = {}, root, says }: BadHost): Promise<void> {
  const cwd = await tempDir(t);
  const pool = await startPool(t, { names: ['good', 'bad'], hostOptions: { bad: options } });
  const bad = root === undefined ? 'bad' : `{ name: bad, root: ${root} }`;
  await writeFile(join(cwd, 'hosts.yaml'), `hosts:\n  - good\n  - ${bad}\n`);
  const run = await runJobs(cwd, pool, ['--slf', 'hosts.yaml']);
  t.is(run.code, 0, run.stderr);
  t.regex(run.stderr, says);
  // A slow machine may make it tell of its progress, too.
  const told = run.stderr.split('\n').filter((line) => /^gpool: (?!\d+ of \d+:)/.test(line));
  t.is(told.length, 1, run.stderr);
  t.regex(run.stderr, /4 done/);
  t.notRegex(run.stderr, /\n\s+at /);
}

function runJobs(cwd: string, pool: EmbeddedPool, hosts: readonly string[]): Promise<GpoolRun> {
  return runGpool(
    ['run', '-F', pool.sshConfig, '--no-input', ...hosts, '--', 'sleep 1; echo', ':::', '1', '2', '3', '4'],
    { cwd },
  );
}

async function serveNonsense(t: Teardown): Promise<number> {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  server.listen(0, '127.0.0.1');
  t.teardown(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

async function startPool(
  t: Teardown,
  options: NonNullable<Parameters<typeof startEmbeddedHosts>[0]>,
): Promise<EmbeddedPool> {
  const pool = await startEmbeddedHosts(options);
  t.teardown(() => pool.close());
  return pool;
}
