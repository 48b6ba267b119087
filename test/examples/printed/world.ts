import { execFile, fork, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { packageRoot } from '../../helpers/package-root.js';
import type { GpoolRun } from '../../helpers/run-gpool.js';
import { type Teardown, tempDir } from '../../helpers/temp-dir.js';
import { createAccount } from '../../helpers/test-account.js';
import { HOSTS, PROGRAMS } from './fixtures.js';

const run = promisify(execFile);

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** What the process with the hosts is told. */
export interface PoolOrder {
  /** Who it becomes; it stays who it is when there is none. */
  readonly account: Account | undefined;
  readonly home: string;
  readonly names: readonly string[];
  readonly shell: string;
  /** The host that also listens on a port that a command names. */
  readonly far: { readonly name: string; readonly address: string; readonly port: number };
}

/** A machine of an ordinary user who has gpool on the PATH and the hosts of the docs in the ssh configuration. */
export interface World {
  readonly home: string;
  /** Runs a command line as that user; it is ended when it takes far too long. */
  run(command: string, cwd: string): Promise<GpoolRun>;
  /** Makes a directory of that user with these files in it; those that begin with `#!` are programs. */
  makeDirectory(path: string, files: Readonly<Record<string, string>>): Promise<void>;
}

export async function makeWorld(t: Teardown): Promise<World> {
  const top = await tempDir(t);
  const home = join(top, 'home');
  const account = await makeAccount(t, home);
  const give = async (path: string) => {
    if (account !== undefined) await chown(path, account.uid, account.gid);
  };
  await chmod(top, 0o755);
  await install(join(top, 'opt'));
  const makeDirectory: World['makeDirectory'] = async (path, files) => {
    await mkdir(path, { recursive: true });
    await give(path);
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(path, name), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
      await give(join(path, name));
    }
  };
  await makeDirectory(home, {});
  await chmod(home, 0o700);
  await makeDirectory(join(home, 'tmp'), {});
  const env = {
    PATH: `${top}/opt/bin:${top}/opt/programs:/usr/local/bin:/usr/bin:/bin`,
    HOME: home,
    TMPDIR: join(home, 'tmp'),
    NO_COLOR: '1',
    GJOB_IDLE: '2',
  };
  await startPool(t, env, { account, home, names: HOSTS, shell: join(top, 'opt/login-shell'), far: FAR });
  return { home, makeDirectory, run: (command, cwd) => runCommand(command, { cwd, env, ...account }) };
}

/** Another port of loopback can be taken; an address of one's own has all of them. */
const FAR = {
  name: 'gpu1',
  address: `127.${randomInt(1, 255)}.${randomInt(255)}.${randomInt(1, 255)}`,
  port: 2222,
};

async function makeAccount(t: Teardown, home: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const name = `gp-reader-${randomBytes(3).toString('hex')}`;
  const account = await createAccount(name, home, '/bin/bash');
  t.teardown(() => account.remove());
  return { uid: account.uid, gid: Number((await run('id', ['-g', name])).stdout) };
}

/** What `npm link` makes of a built checkout, where every user can read it, and programs that stand in for real ones. */
async function install(opt: string): Promise<void> {
  const root = packageRoot();
  for (const part of ['bin', 'dist/cli', 'package.json'])
    await cp(join(root, part), join(opt, part), { recursive: true });
  await cp(join(root, 'examples/yaml-batch/batch.yaml'), join(opt, 'batch.yaml'));
  await mkdir(join(opt, 'programs'));
  for (const [name, text] of Object.entries(PROGRAMS))
    await writeFile(join(opt, 'programs', name), text, { mode: 0o755 });
  await writeFile(
    join(opt, 'login-shell'),
    `#!/bin/bash\nexport PATH=${opt}/programs:$PATH\nexec /bin/bash "$@"\n`,
    { mode: 0o755 },
  );
  await symlink(process.execPath, join(opt, 'bin/node'));
  const ssh = await run('bash', ['-c', 'type -P ssh']).catch(() => undefined);
  // OpenSSH looks for its configuration in the account's home, whatever HOME says.
  if (ssh !== undefined)
    await writeFile(
      join(opt, 'bin/ssh'),
      `#!/bin/bash\nexec ${ssh.stdout.trim()} -F "$HOME/.ssh/config" "$@"\n`,
      {
        mode: 0o755,
      },
    );
  await openForAll(opt);
}

async function openForAll(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }))
    if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), 0o755);
}

async function startPool(t: Teardown, env: Record<string, string>, order: PoolOrder): Promise<void> {
  const child = fork(fileURLToPath(new URL('host-pool.js', import.meta.url)), { env, execArgv: [] });
  t.teardown(async () => {
    if (child.exitCode !== null) return;
    child.disconnect();
    await once(child, 'exit');
  });
  child.send(order);
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('the hosts did not start'))),
  ]);
}

interface RunOptions extends Partial<Account> {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

async function runCommand(command: string, options: RunOptions): Promise<GpoolRun> {
  const child = spawn('/bin/bash', ['-c', command], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 150_000,
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, ...text };
}
