import { GpoolError, HostError, TransportError } from '../../../errors.js';
import type { GreetingTap } from './greeting-tap.js';

/** How far a login had come. */
export type LoginPhase = 'key exchange' | 'login' | 'ready';

/** What went wrong before the first byte: name look-up or TCP. */
export function socketError(error: unknown, where: string, address = ''): GpoolError {
  if (error instanceof GpoolError) return error;
  const code = codeOf(error);
  const at = address === '' ? '' : ` (${address})`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'ENODATA')
    return new TransportError('E_DNS', { what: `the name cannot be looked up${at}`, where, cause: error });
  if (code === 'ECONNREFUSED')
    return new TransportError('E_CONN_REFUSED', {
      what: `the connection was refused${at}`,
      where,
      cause: error,
    });
  if (UNREACHABLE.includes(code))
    return new TransportError('E_CONN_TIMEOUT', {
      what: `the host does not answer${at}: ${code}`,
      where,
      cause: error,
    });
  return droppedError(`the connection broke: ${messageOf(error)}`, where, error);
}

/** Says what an error of ssh2 before `ready` means, from its level, its code and how far we were. */
export function loginError(error: unknown, phase: LoginPhase, tap: GreetingTap, where: string): GpoolError {
  if (error instanceof GpoolError) return error;
  const level = error instanceof Error && 'level' in error ? error.level : undefined;
  const early = phase === 'key exchange';
  if (level === 'client-socket')
    return early ? droppedError(messageOf(error), where, error) : lostError(messageOf(error), where, error);
  if (early && !tap.isSsh) return greetingError(tap, where);
  if (level === 'handshake') {
    const offer = tap.offer === null ? '' : `; the server offers ${tap.offer}`;
    return new HostError('E_KEX', {
      what: `${messageOf(error)}${offer}`.slice(0, 1000),
      where,
      cause: error,
    });
  }
  const what = `the connection ended during the ${phase}: ${messageOf(error)}`;
  return early ? droppedError(what, where, error) : lostError(what, where, error);
}

/** The server let go before any login was tried, as a busy one does (MaxStartups): the one fault worth an immediate second try. */
export class DroppedBeforeLogin extends TransportError {}

function droppedError(what: string, where: string, cause?: unknown): DroppedBeforeLogin {
  return new DroppedBeforeLogin('E_CONN_LOST', { what, where, cause });
}

/** The link is gone: what ran there may still run. */
export function lostError(what: string, where: string, cause?: unknown): TransportError {
  return new TransportError('E_CONN_LOST', { what, where, cause });
}

/** The server closed, or was silent, before it said `SSH-`. */
export function greetingError(tap: GreetingTap, where: string): GpoolError {
  const text = tap.text.trim();
  if (/not allowed at this time/i.test(text))
    return new TransportError('E_PENALTY', {
      what: `the server said: ${JSON.stringify(text.slice(0, 80))}`,
      where,
    });
  // An sshd that is at MaxStartups closes without a word; newer ones say so first.
  if (text === '' || /^exceeded maxstartups/i.test(text))
    return droppedError('the server closed the connection before its greeting', where);
  const what = `what answers there is not an SSH server; it said ${JSON.stringify(text.slice(0, 60))}`;
  return new HostError('E_NOT_SSH', { what, where });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const UNREACHABLE = ['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EADDRNOTAVAIL'];
