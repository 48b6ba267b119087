import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { HostError, TransportError } from '../../../errors.js';
import type { SshDestination } from '../../../spec/host.js';
import type { SshOptions } from '../ssh-options.js';
import { type AskpassServer, startAskpass } from './askpass-server.js';
import { configText, masterArguments, type UserSettings, userConfigText } from './ssh-arguments.js';
import { sshFault } from './ssh-fault.js';
import { loginDirectoryPrefix, sweepLeftovers } from './sweep-leftovers.js';
import { readUserSettings } from './user-settings.js';

/** An `ssh` with ControlMaster that has logged in. */
export interface SshLogin {
  /** Where other `ssh` processes meet it. */
  readonly socket: string;
  /** Resolves with what it printed once it has ended and its private directory is gone. */
  readonly over: Promise<string>;
  end(): void;
}

/** Logs in through the system's `ssh`. Throws HostError or TransportError, as `ssh` says. */
export async function logIn(
  destination: SshDestination,
  options: SshOptions,
  where: string,
): Promise<SshLogin> {
  await checkClient(options, where);
  // The path of a socket has room for about a hundred bytes.
  const parent = tmpdir().length < 50 ? tmpdir() : '/tmp';
  sweepOnce(parent);
  const directory = await mkdtemp(join(parent, loginDirectoryPrefix()));
  let askpass: AskpassServer | undefined;
  let login: Starting | undefined;
  try {
    const config = join(directory, 'config');
    const settings = await writeConfig(config, destination, options);
    const patience = new Patience(settings.connectTimeoutMs + GRACE_MS);
    if (options.prompt) askpass = await startAskpass(directory, options.prompt, (on) => patience.hold(on));
    login = startMaster(
      directory,
      masterArguments(destination, config, join(directory, 'm')),
      askpass,
      options,
    );
    await waitForSocket(login, patience, where);
    return login;
  } catch (error) {
    login?.end();
    await rm(directory, { recursive: true, force: true });
    throw error;
  } finally {
    askpass?.close();
  }
}

/** Twice: the user's own settings are known only once `ssh` has read them. */
async function writeConfig(
  config: string,
  destination: SshDestination,
  options: SshOptions,
): Promise<UserSettings> {
  await writeFile(config, userConfigText(options, homedir()), { mode: 0o600 });
  const settings = await readUserSettings(destination, config, options);
  await writeFile(config, configText(options, settings, homedir()), { mode: 0o600 });
  return settings;
}

interface Starting extends SshLogin {
  readonly child: ChildProcess;
}

/**
 * Runs `ssh` under a small shell whose stdin closes when we end: then it ends `ssh`, so that no connection outlives us. In
 * a session of its own: a Ctrl-C on the terminal is ours to handle.
 */
const KEEPER =
  'exec 3<&0; ssh "$@" </dev/null 3<&- & ssh=$!; { cat <&3; kill "$ssh"; } >/dev/null 2>&1 & exec 3<&-; wait "$ssh"';

function startMaster(
  directory: string,
  argv: readonly string[],
  askpass: AskpassServer | undefined,
  options: SshOptions,
): Starting {
  const child = spawn('/bin/sh', ['-c', KEEPER, 'gpool', ...argv], {
    detached: true,
    env: { ...process.env, LC_ALL: 'C', ...askpass?.env },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('latin1')).slice(-16_384);
    if (options.debug)
      chunk
        .toString('utf8')
        .trim()
        .split(/[\r\n]+/)
        .forEach(options.debug);
  });
  const end = () => endGroup(child);
  child.once('exit', end);
  const over = once(child, 'close').then(async () => {
    await rm(directory, { recursive: true, force: true });
    return said;
  });
  return { child, socket: join(directory, 'm'), over, end };
}

async function waitForSocket({ child, socket, over, end }: Starting, patience: Patience, where: string) {
  while (!existsSync(socket)) {
    if (child.exitCode !== null || child.signalCode !== null) throw sshFault(await over, where);
    if (patience.isOver) {
      end();
      throw new TransportError('E_CONN_TIMEOUT', { what: 'the login took too long', where });
    }
    await pause(10);
  }
}

async function checkClient({ configFile }: SshOptions, where: string): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    execFile('ssh', ['-V'], (cause) => {
      const missing = cause !== null && cause.code === 'ENOENT';
      if (missing)
        reject(new HostError('E_NO_SSH_CLIENT', { what: 'there is no `ssh` on the PATH', where, cause }));
      else resolve();
    }),
  );
  if (configFile === undefined || configFile === 'none') return;
  // `Include` is silent about a file that is not there.
  await stat(configFile).catch((cause: unknown) => {
    throw new HostError('E_SSH_CONFIG', { what: `cannot read ${configFile}`, where, cause });
  });
}

/** A deadline that does not run while a person is being asked. */
class Patience {
  #left: number;
  #since: number | undefined = performance.now();

  constructor(ms: number) {
    this.#left = ms;
  }

  hold(on: boolean): void {
    if (this.#since !== undefined) this.#left -= performance.now() - this.#since;
    this.#since = on ? undefined : performance.now();
  }

  get isOver(): boolean {
    return this.#since !== undefined && performance.now() - this.#since > this.#left;
  }
}

/** Ends the keeper, its `ssh`, and what that started to reach the host. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // the group is gone already
  }
}

function sweepOnce(parent: string): void {
  if (swept) return;
  swept = true;
  void sweepLeftovers(parent);
}

let swept = false;

/** What the login may take beyond the connection itself. */
const GRACE_MS = 10_000;
