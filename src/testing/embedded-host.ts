import { once } from 'node:events';
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import ssh2, { type Connection } from 'ssh2';
import type { EmbeddedHostOptions } from './embedded-host-options.js';
import { type Account, startExec } from './exec-session.js';
import { generateKey } from './generate-key.js';
import { judgeLogin } from './judge-login.js';
import { serveSftp } from './sftp-session.js';

/** What one embedded host is made of. */
export interface EmbeddedHostSetup extends EmbeddedHostOptions {
  readonly name: string;
  /** Existing directory, the account's home. */
  readonly home: string;
  /** Public keys that may log in, each as `type base64`. */
  readonly authorizedKeys: readonly string[];
}

/** An SSH server in this process that runs real commands in a home of its own. */
export class EmbeddedHost {
  readonly name: string;
  readonly home: string;
  readonly address: string;
  /** The host's public key, as a line of known_hosts has it. */
  readonly publicKey: string;
  /** Login attempts that carried a credential, so far. */
  loginAttempts = 0;
  readonly #setup: EmbeddedHostSetup;
  readonly #account: Account;
  readonly #ssh: ssh2.Server;
  readonly #listener: NetServer;
  readonly #sockets = new Set<Socket>();
  #silent = false;

  private constructor(setup: EmbeddedHostSetup, privateKey: string) {
    const { name, home, address = '127.0.0.1', shell = '/bin/bash' } = setup;
    this.name = name;
    this.home = home;
    this.address = address;
    this.publicKey = publicLine(privateKey);
    this.#setup = setup;
    this.#account = { user: userInfo().username, home, shell };
    this.#ssh = new ssh2.Server({ hostKeys: [privateKey], ident: 'gpool-testing' }, (client, info) => {
      this.#serve(client, `${info.ip} ${info.port} ${address} ${this.port}`);
    });
    this.#listener = createServer((socket) => this.#accept(socket));
  }

  /** Starts to listen on a free port. */
  static async start(setup: EmbeddedHostSetup): Promise<EmbeddedHost> {
    const host = new EmbeddedHost(setup, setup.hostKey ?? generateKey().privateKey);
    host.#listener.listen(0, host.address);
    await once(host.#listener, 'listening');
    return host;
  }

  get port(): number {
    const address = this.#listener.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Connections open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Cuts every connection, as a restarted router does. New ones are welcome. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Half-open: connections stay, new ones are accepted, and nothing is read or answered until `restore`. */
  silence(): void {
    this.#silent = true;
    for (const socket of this.#sockets) socket.pause().cork();
  }

  /** Ends a silence. Connections that began in it are cut. */
  restore(): void {
    this.#silent = false;
    for (const socket of this.#sockets) {
      if (socket.listenerCount('data') === 0) socket.destroy();
      socket.uncork();
      socket.resume();
    }
  }

  /** Cuts every connection and stops listening. Detached processes go on. */
  async close(): Promise<void> {
    this.#listener.close();
    this.drop();
    if (this.#listener.listening) await once(this.#listener, 'close');
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    if (this.#silent) return void socket.pause();
    socket.setNoDelay(true);
    const { dropAfterBytes = Number.POSITIVE_INFINITY } = this.#setup.faults ?? {};
    socket.on('data', () => {
      if (socket.bytesRead + socket.bytesWritten >= dropAfterBytes) socket.destroy();
    });
    this.#ssh.injectSocket(socket);
  }

  #serve(client: Connection, connection: string): void {
    client.on('error', () => {});
    client.on('authentication', (context) => {
      if (context.method !== 'none') this.loginAttempts++;
      judgeLogin(context, this.#setup);
    });
    client.on('tcpip', (accept, reject, { destIP, destPort }) => forward(accept, reject, destIP, destPort));
    this.#serveSessions(client, connection);
  }

  #serveSessions(client: Connection, connection: string): void {
    const faults = this.#setup.faults ?? {};
    let sessions = 0;
    client.on('session', (accept, reject) => {
      if (sessions >= (faults.maxSessions ?? Number.POSITIVE_INFINITY)) return reject();
      const session = accept();
      sessions++;
      session.once('close', () => sessions--);
      session.on('exec', (acceptExec, _reject, { command }) => {
        if (faults.neverAnswer) return;
        const sendSignal = startExec(acceptExec(), command, this.#account, connection, faults);
        session.on('signal', (_accept, _reject, { name }) => sendSignal(name));
      });
      if (faults.noSftp) return;
      session.on('sftp', (acceptSftp) => {
        if (!faults.neverAnswer) serveSftp(acceptSftp(), this.home);
      });
    });
  }
}

/** Carries a forwarded TCP connection, for clients that use this host as a jump host. */
function forward(accept: () => ssh2.ServerChannel, reject: () => void, address: string, port: number): void {
  const socket = connect(port, address);
  socket.once('error', reject);
  socket.once('connect', () => {
    const channel = accept();
    channel.pipe(socket).pipe(channel);
    channel.on('error', () => socket.destroy());
    channel.once('close', () => socket.destroy());
    socket.on('error', () => channel.close());
  });
}

function publicLine(privateKey: string): string {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return `${key.type} ${key.getPublicSSH().toString('base64')}`;
}
