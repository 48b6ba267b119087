import { TransportError } from '../../../errors.js';
import { describeDestination, type SshDestination } from '../../../spec/host.js';
import { runScript, startScript } from '../script-process.js';
import type {
  Channel,
  FetchOptions,
  RunOptions,
  RunResult,
  Shell,
  StartOptions,
  TransferOptions,
} from '../shell.js';
import type { SshOptions } from '../ssh-options.js';
import { getStream, putStream, type StartScript } from '../stream-files.js';
import { Master } from './master.js';
import { SessionLane } from './session-lane.js';
import { logIn } from './ssh-login.js';

/**
 * A Shell over the system's `ssh` and one shared connection (ControlMaster): for Kerberos, certificates, hardware keys and whatever else
 * only OpenSSH can do. The user's ssh_config holds as it is. With a `prompt`, `ssh` asks through it (SSH_ASKPASS);
 * without, nobody is asked (BatchMode). Files go through `cat`, so the host needs no sftp. What a signal ended has
 * the exit code 128 + its number, because `ssh` reports no signals.
 *
 * @throws HostError E_NO_SSH_CLIENT from `open` when there is no `ssh`.
 */
export function createOpensshShell(destination: SshDestination, options: SshOptions = {}): Shell {
  return new OpensshShell(destination, options);
}

interface Session {
  readonly masters: Set<Master>;
  readonly shared: Master;
  readonly lane: SessionLane;
}

class OpensshShell implements Shell {
  readonly where: string;
  readonly #listeners = new Set<(error: TransportError | undefined) => void>();
  #opening: Promise<void> | undefined;
  #session: Session | undefined;
  #closes = 0;

  constructor(
    readonly destination: SshDestination,
    readonly options: SshOptions,
  ) {
    this.where = describeDestination(destination);
  }

  open(): Promise<void> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async run(script: string, options?: RunOptions): Promise<RunResult> {
    const spawn = (master: Master) => async () => master.startShell();
    return this.#connected().lane.use((master) => runScript(spawn(master), this.where, script, options));
  }

  async start(script: string, options?: StartOptions): Promise<Channel> {
    const { shared } = this.#connected();
    return startScript(async () => shared.startShell(), this.where, script, options);
  }

  async putFile(local: string, remote: string, options?: TransferOptions): Promise<void> {
    return this.#connected().lane.use((master) =>
      putStream(this.#starter(master), this.where, [local, remote], options),
    );
  }

  async getFile(remote: string, local: string, bytes: number, options?: FetchOptions): Promise<void> {
    return this.#connected().lane.use((master) =>
      getStream(this.#starter(master), this.where, [remote, local], bytes, options),
    );
  }

  onClose(listener: (error: TransportError | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closes++;
    this.#opening = undefined;
    const masters = [...(this.#session?.masters ?? [])];
    await Promise.all(masters.map((master) => master.close()));
  }

  async #open(): Promise<void> {
    const closes = this.#closes;
    const masters = new Set<Master>();
    const connect = async () => {
      const master = new Master(await logIn(this.destination, this.options, this.where), this.where);
      masters.add(master);
      if (closes !== this.#closes) await master.close();
      return master;
    };
    const shared = await connect();
    const session = { masters, shared, lane: new SessionLane(shared, connect) };
    this.#session = session;
    void shared.gone.then((error) => this.#lost(session, error));
  }

  #lost(session: Session, error: TransportError | undefined): void {
    for (const master of session.masters) void master.close();
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#opening = undefined;
    for (const listener of this.#listeners) listener(error);
  }

  #connected(): Session {
    if (this.#session) return this.#session;
    throw new TransportError('E_CONN_LOST', { what: 'there is no connection', where: this.where });
  }

  #starter(master: Master): StartScript {
    return (script, args) => startScript(async () => master.startShell(), this.where, script, { args });
  }
}
