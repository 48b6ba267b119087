import test from 'ava';
import { type ErrorCode, type GpoolError, HostError, TransportError } from '../../../src/errors.js';
import { runVerb, type Session } from '../../../src/network/direct/session.js';
import type { RunResult, Shell } from '../../../src/network/shell/shell.js';

interface Ending {
  readonly code: number | null;
  readonly signal?: string;
  /** What the caller hears. */
  readonly fault: ErrorCode;
  /** Whether only a new connection can help. */
  readonly closes: boolean;
}

const ENDINGS: Readonly<Record<string, Ending>> = {
  'the helper says no': { code: 1, fault: 'E_PROTOCOL', closes: false },
  'the helper is not there': { code: 8, fault: 'E_CONN_LOST', closes: true },
  'the batch is not there': { code: 5, fault: 'E_CONN_LOST', closes: true },
  'SIGKILL ends it': { code: null, signal: 'KILL', fault: 'E_TRANSFER', closes: true },
  'SIGTERM ends it': { code: null, signal: 'TERM', fault: 'E_TRANSFER', closes: true },
  'SIGKILL ends what it runs': { code: 137, fault: 'E_TRANSFER', closes: true },
  'SIGXCPU ends what it runs': { code: 152, fault: 'E_TRANSFER', closes: true },
};

for (const [what, { code, signal = null, fault, closes }] of Object.entries(ENDINGS)) {
  test(`a verb of the helper: ${what}, the caller hears ${fault}`, async (t) => {
    let closed = 0;
    const result: RunResult = { code, signal, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    const shell: Partial<Shell> = {
      where: 'me@lab01',
      run: () => Promise.resolve(result),
      close: () => {
        closed += 1;
        return Promise.resolve();
      },
    };
    const session = { shell, helper: { root: '/r', file: '/r/bin/gjob' } } as unknown as Session;
    const error = await t.throwsAsync<GpoolError>(runVerb(session, 'fetch', []));
    t.is(error?.code, fault);
    t.is(error instanceof (fault === 'E_PROTOCOL' ? HostError : TransportError), true);
    t.is(closed, closes ? 1 : 0);
    if (signal) t.is(error?.what, `gjob fetch was ended by signal ${signal}`);
  });
}
