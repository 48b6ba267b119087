import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { TransportError } from '../../../errors.js';
import { SCRIPT_SHELL } from '../remote-script.js';
import type { ScriptProcess } from '../script-process.js';
import { checkArguments, sessionArguments } from './ssh-arguments.js';
import { sshFault } from './ssh-fault.js';
import type { SshLogin } from './ssh-login.js';

/** A connection that many `ssh` processes share. */
export class Master {
  /** Resolves when the connection is gone, with the reason unless we closed it. Never rejects. */
  readonly gone: Promise<TransportError | undefined>;
  readonly #sessions = new Set<ChildProcess>();
  #closing = false;

  constructor(
    readonly login: SshLogin,
    readonly where: string,
  ) {
    this.gone = login.over.then((said) => (this.#closing ? undefined : lostError(said, where)));
  }

  /** Starts the script shell on the host. */
  startShell(): ScriptProcess {
    const child = spawn('ssh', sessionArguments(this.login.socket, REMOTE_COMMAND), {
      detached: true,
      env: { ...process.env, LC_ALL: 'C' },
      stdio: 'pipe',
    });
    this.#sessions.add(child);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('latin1')).slice(-2000);
    });
    const ended = new Promise<number | null>((resolve) => {
      child.once('close', resolve);
      child.once('error', () => resolve(null));
    });
    const exited = ended.then((code) => this.#judge(child, code, said));
    exited.catch(() => {}); // its owner may come later, or never
    const { stdin, stdout, stderr } = child;
    return { stdin, stdout, stderr, exited, kill: () => void child.kill('SIGKILL') };
  }

  /** Lets go at once. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const session of this.#sessions) session.kill('SIGKILL');
    this.login.end();
    await this.gone;
  }

  /** 255 is what `ssh` says when it failed, and what a script may say as well: then the master still answers. */
  async #judge(child: ChildProcess, code: number | null, said: string) {
    this.#sessions.delete(child);
    if (code === null) throw this.#lost('the command was ended from this side');
    if (code !== 255) return { code, signal: null };
    const fault = sshFault(said, this.where);
    if (fault.code === 'E_CHANNEL') throw fault;
    if (await this.#answers()) return { code, signal: null };
    this.login.end();
    await this.gone; // so that whoever hears of the command finds the Shell closed
    throw this.#lost('the connection went before the command ended');
  }

  #lost(what: string): TransportError {
    return new TransportError('E_CONN_LOST', { what, where: this.where });
  }

  #answers(): Promise<boolean> {
    const argv = checkArguments(this.login.socket);
    return new Promise((resolve) => {
      execFile('ssh', argv, { timeout: 5000 }, (error) => resolve(error === null));
    });
  }
}

/**
 * The command on the host. `ssh` has no word for a signal that ended it: the bash in between turns that into 128 + its number,
 * and lends the helper the environment that it had itself.
 */
const INNER = `GJOB_FD=3 ${SCRIPT_SHELL.join(' ')} 3</proc/$$/environ; exit $?`;
const REMOTE_COMMAND = `exec ${SCRIPT_SHELL.join(' ')} -c '${INNER}'`;

/** After the login, whatever ended the connection is a lost link. */
function lostError(said: string, where: string): TransportError {
  return new TransportError('E_CONN_LOST', { what: sshFault(said, where).what, where });
}
