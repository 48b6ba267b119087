import test from 'ava';
import { hostPaths } from '../../../../src/network/direct/host-paths.js';
import { OutputFetcher } from '../../../../src/network/direct/returns/output-fetcher.js';
import type { Session } from '../../../../src/network/direct/session.js';
import { checkLocalCommand } from '../../../../src/network/shell/commands.js';
import { createLocalShell } from '../../../../src/network/shell/local-shell.js';
import type { RunOptions } from '../../../../src/network/shell/shell.js';
import { createHost, PLAIN_DEFAULTS } from '../../../../src/spec/inventory/inventory.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';

/** A host where each round takes 20 ms of this clock, and every output is `x`. */
function slowSession(clock: ManualClock, rounds: number[]): Session {
  const run = async (_script: string, { input }: RunOptions = {}) => {
    const lines = String(input).trimEnd().split('\n');
    rounds.push(lines.length);
    clock.advance(20);
    const headers = lines.map((line) => `${line.split('\t').slice(0, 2).join('\t')}\t1\t1\n`).join('');
    const stdout = Buffer.from(`${headers}\n${'x'.repeat(lines.length)}`);
    return { code: 0, signal: null, stdout, stderr: Buffer.alloc(0) };
  };
  const host = createHost('h', { kind: 'local' }, PLAIN_DEFAULTS);
  const shell = { ...createLocalShell(), run };
  const helper = { root: '/r', file: '/r/bin/gjob', probe: '' };
  return { shell, helper, paths: hostPaths(host, '/r', 'b'), hasTar: false };
}

test.serial(
  'the first output is fetched at once; those that are asked for soon after go together',
  async (t) => {
    const clock = new ManualClock();
    const rounds: number[] = [];
    const session = slowSession(clock, rounds);
    const fetcher = new OutputFetcher(() => session, clock);
    const fetch = (n: number) => fetcher.fetch({ attempt: `${n}.1`, file: 'log', from: 0, maxBytes: 9 });
    t.is((await fetch(1)).bytes.toString(), 'x');
    const later = Promise.all(Array.from({ length: 10 }, (_, at) => fetch(at + 2)));
    t.is(clock.elapsed(), 20);
    t.is((await clock.runUntil(later)).length, 10);
    t.deepEqual(rounds, [1, 10]);
    // Three times as long at rest as at work, then the second round.
    t.is(clock.elapsed(), 20 + 60 + 20);
  },
);

test.serial(
  'whoever waits for an output in the pause between two rounds keeps the process alive',
  async (t) => {
    const module = (path: string) => JSON.stringify(new URL(`../../../../src/${path}`, import.meta.url).href);
    const program = `
    import { OutputFetcher } from ${module('network/direct/returns/output-fetcher.js')};
    import { systemClock } from ${module('clock.js')};
    const run = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { code: 0, signal: null, stdout: Buffer.from('1.1\\tlog\\t1\\t1\\n\\nx'), stderr: Buffer.alloc(0) };
    };
    const session = { shell: { where: 'h', run }, helper: { root: '/r', file: '/r/gjob' }, paths: { hostId: 'h', batch: 'b' } };
    const fetcher = new OutputFetcher(() => session, systemClock);
    const piece = { attempt: '1.1', file: 'log', from: 0, maxBytes: 9 };
    await fetcher.fetch(piece);
    fetcher.fetch(piece).then(({ bytes }) => console.log(String(bytes)));
  `;
    const { stdout } = await checkLocalCommand([process.execPath, '--input-type=module', '-e', program]);
    t.is(stdout.toString(), 'x\n');
  },
);
