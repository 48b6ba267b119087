import { TransportError } from '../../errors.js';

/** Why a host cannot be asked now. */
export function lostError(what: string, where: string): TransportError {
  return new TransportError('E_CONN_LOST', { what, where });
}
