import type { Duplex } from 'node:stream';
import ssh2, { type Algorithms, type CipherAlgorithm, type KexAlgorithm, type MacAlgorithm } from 'ssh2';
import { GpoolError, HostError } from '../../../errors.js';
import { allowedOf } from './allowed-algorithms.js';
import type { KeyOffer } from './auth-offers.js';
import { Authenticator } from './authenticator.js';
import { greetingError, type LoginPhase, loginError } from './connect-error.js';
import { Connection } from './connection.js';
import type { Deadline } from './deadline.js';
import { GreetingTap } from './greeting-tap.js';
import type { HostKeyCheck } from './host-key-check.js';
import type { PromptDesk } from './prompt-desk.js';
import type { SshTarget } from './ssh-target.js';

export interface LoginRequest {
  readonly target: SshTarget;
  readonly hostKey: HostKeyCheck;
  readonly offers: readonly KeyOffer[];
  readonly desk: PromptDesk | undefined;
  readonly deadline: Deadline;
  readonly keepaliveMs: number;
  readonly keepaliveCount: number;
  readonly debug?: ((line: string) => void) | undefined;
  /** Called once when the connection that comes of it is over. */
  readonly release: () => void;
}

/** Speaks SSH over a fresh stream until the login is done. The first error is the one told; on any, the stream is destroyed. */
export function login(stream: Duplex, request: LoginRequest): Promise<Connection> {
  const { target, deadline } = request;
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    const tap = new GreetingTap(stream);
    let phase: LoginPhase = 'key exchange';
    const fail = (error: GpoolError) => {
      if (phase === 'ready') return; // the Connection's own listeners take it from there
      reject(error);
      client.destroy();
      stream.destroy();
    };
    const auth = new Authenticator({ ...request, hold: deadline.hold, giveUp: fail });
    client.on('error', (error) => {
      if (error.level === 'agent') return; // ssh2 goes on with the next method by itself
      fail(faultOf(error, phase, tap, request, auth));
    });
    client.on('close', () => fail(faultOf(new Error('closed'), phase, tap, request, auth)));
    client.on('handshake', () => {
      if (phase !== 'ready') phase = 'login';
    });
    client.on('ready', () => {
      phase = 'ready';
      resolve(createConnection(client, stream, tap, request));
    });
    deadline.passed.catch((error: GpoolError) => {
      const wrongService = phase === 'key exchange' && !tap.isSsh && tap.text !== '';
      fail(wrongService ? greetingError(tap, target.where) : error);
    });
    try {
      client.connect(connectConfig(stream, request, auth));
    } catch (error) {
      fail(error instanceof GpoolError ? error : loginError(error, phase, tap, target.where));
    }
  });
}

function connectConfig(sock: Duplex, request: LoginRequest, auth: Authenticator): ssh2.ConnectConfig {
  const { target, hostKey, keepaliveMs, debug } = request;
  return {
    sock,
    username: target.user,
    algorithms: algorithmsFor(target, hostKey),
    hostVerifier: hostKey.verify,
    authHandler: auth.next,
    readyTimeout: 0, // one deadline, ours
    keepaliveInterval: keepaliveMs,
    keepaliveCountMax: Number.MAX_SAFE_INTEGER, // death is declared by silence, not by unanswered questions
    ...(debug && { debug: (line: string) => debug(`${target.where}: ${line}`) }),
  };
}

function algorithmsFor({ allowed, where }: SshTarget, hostKey: HostKeyCheck): Algorithms {
  return {
    kex: allowedOf(KEX, allowed.kex, 'KexAlgorithms', where),
    cipher: allowedOf(CIPHERS, allowed.cipher, 'Ciphers', where),
    hmac: allowedOf(MACS, allowed.hmac, 'MACs', where),
    compress: ['none'],
    serverHostKey: hostKey.algorithms,
  };
}

function createConnection(
  client: ssh2.Client,
  stream: Duplex,
  tap: GreetingTap,
  request: LoginRequest,
): Connection {
  const { target, keepaliveMs, keepaliveCount, release } = request;
  return new Connection({
    client,
    stream,
    tap,
    where: target.where,
    silenceMs: keepaliveMs * (keepaliveCount + 1),
    release,
  });
}

function faultOf(
  error: Error & { level?: string },
  phase: LoginPhase,
  tap: GreetingTap,
  { hostKey, target }: LoginRequest,
  auth: Authenticator,
): GpoolError {
  if (hostKey.fault) return hostKey.fault;
  const reason = 'code' in error ? error.code : undefined;
  if (phase === 'login' && (error.level === 'client-authentication' || AUTH_DISCONNECTS.includes(reason)))
    return auth.refused(error);
  if (reason === DISCONNECT_KEX)
    return new HostError('E_KEX', { what: error.message, where: target.where, cause: error });
  return loginError(error, phase, tap, target.where);
}

/** No SHA-1, no CBC, and no chacha20-poly1305, which an old server would use without the strict key exchange. AES-GCM is the fastest. */
const CIPHERS: readonly CipherAlgorithm[] = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
];
const MACS: readonly MacAlgorithm[] = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
];
const KEX: readonly KexAlgorithm[] = [
  'curve25519-sha256@libssh.org',
  'curve25519-sha256',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group-exchange-sha256',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group15-sha512',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group17-sha512',
  'diffie-hellman-group18-sha512',
];
/** RFC 4253, 11.1: PROTOCOL_ERROR is what sshd says for too many failures; NO_MORE_AUTH_METHODS_AVAILABLE. */
const AUTH_DISCONNECTS: unknown[] = [2, 14];
const DISCONNECT_KEX = 3;
