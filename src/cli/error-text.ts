import { type Fault, type GpoolError, toFault } from '../errors.js';
import { toPlainLine, toPlainText } from './plain-text.js';

export interface ErrorStyle {
  readonly json: boolean;
  readonly debug: boolean;
}

/** An error as the command prints it on stderr: one line, JSON when JSON was asked for, the stack only for `--debug`. */
export function formatError(error: unknown, { json, debug }: ErrorStyle): string {
  const fault = toFault(error, 'gpool');
  if (json) return `${JSON.stringify({ error: fault })}\n`;
  const stack = debug && error instanceof Error ? `${toPlainText(formatStack(error))}\n` : '';
  return `${formatFault(fault)}\n${stack}`;
}

/** `gpool: where: what (CODE). next`. Several problems in one error keep their lines. */
export function formatFault({ where, what, code, next }: Fault): string {
  const start = where === 'gpool' ? 'gpool' : `gpool: ${toPlainLine(where)}`;
  return `${start}: ${toPlainText(what)} (${code}). ${toPlainLine(next)}`;
}

/** The exit code of an error that ended the command. */
export function errorExitCode(error: unknown): number {
  const { code, domain } = toFault(error, 'gpool');
  if (code === 'E_USAGE') return 2;
  if (code === 'E_NO_HOST') return 4;
  return domain === 'host' || domain === 'transport' ? 4 : 3;
}

function formatStack(error: Error & Partial<GpoolError>): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack ?? error.cause.message}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
