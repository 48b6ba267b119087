import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { TransportError } from '../../../errors.js';
import { socketError } from './connect-error.js';
import type { Connection } from './connection.js';
import type { Deadline } from './deadline.js';
import type { SshTarget } from './ssh-target.js';

/** Opens the byte stream that SSH then speaks over: TCP, a channel through a jump host, or a proxy program. */
export function openStream(target: SshTarget, jump: Connection | null, deadline: Deadline): Promise<Duplex> {
  if (jump !== null) return deadline.race(jump.guard(forward(jump, target)));
  if (target.proxy.kind === 'command') return Promise.resolve(startProxy(target.proxy.command));
  return openTcp(target, deadline);
}

async function openTcp({ hostName, port, family, where }: SshTarget, deadline: Deadline): Promise<Duplex> {
  const socket = connect({
    host: hostName.replace(/^\[(.*)\]$/, '$1'),
    port,
    noDelay: true, // or the key exchange alone loses 40 to 170 ms to delayed acknowledgements
    ...(family !== undefined && { family }),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 5000, // Node's 250 ms gives up on any far host
  });
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (error) => reject(socketError(error, where, `${hostName}:${port}`)));
  });
  try {
    await deadline.race(connected);
    return socket;
  } catch (error) {
    socket.on('error', () => {}); // the first error is told already
    socket.destroy();
    throw error;
  }
}

function forward(jump: Connection, { hostName, port, where }: SshTarget): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    jump.client.forwardOut('127.0.0.1', 0, hostName, port, (error, channel) => {
      if (!error) return resolve(channel);
      const what = `the jump host ${jump.where} cannot reach ${hostName}:${port}: ${error.message}`;
      reject(new TransportError('E_CONN_REFUSED', { what, where, cause: error }));
    });
  });
}

/** As ssh does: the user's shell runs it, for the command comes from the user's own ssh_config. */
function startProxy(command: string): Duplex {
  const child = spawn(process.env.SHELL || '/bin/sh', ['-c', `exec ${command}`], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  stream.on('error', () => {}); // ssh2 listens a little later
  child.on('error', (error) => stream.destroy(error));
  stream.once('close', () => child.kill());
  return stream;
}
