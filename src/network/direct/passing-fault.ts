import { type ErrorCode, HostError, TransportError } from '../../errors.js';

/** What a host may get over by itself: files of others fill it for a while, its home is not mounted yet, its name leads to another machine now. */
export function mayPass(error: unknown): boolean {
  return error instanceof HostError && PASSING.has(error.code);
}

/** Whether the host itself answers that it cannot work: news, also of a host that is known to be out of reach. */
export function isHostsWord(error: unknown): boolean {
  return error instanceof HostError || (error instanceof TransportError && error.code === 'E_NOT_MOUNTED');
}

const PASSING: ReadonlySet<ErrorCode> = new Set([
  'E_ROOT',
  'E_REMOTE_DISK',
  'E_REMOTE_INODES',
  'E_LOGIN_SHELL',
  'E_ELSEWHERE',
]);
