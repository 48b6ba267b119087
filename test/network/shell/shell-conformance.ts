import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ExecutionContext } from 'ava';
import { GpoolError } from '../../../src/errors.js';
import type { Shell } from '../../../src/network/shell/shell.js';
import { seededRandom } from '../../../src/random.js';
import { pickSeed } from '../../helpers/seed.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { waitFor } from '../../helpers/wait-for.js';
import { hostileName } from './hostile-name.js';

/** A machine that shells are tried on, and how to make one. */
export interface ShellFixture {
  /** The login directory on that machine, as this one sees it. */
  readonly home: string;
  /** A new Shell, not open yet. */
  createShell(): Shell;
  /** Cuts the connections; absent where there are none. */
  drop?(): void | Promise<void>;
}

export interface Suite {
  /** Begins every title: `ssh2 to sshd, fish`. */
  readonly name: string;
  /** ava's `test`, or a tier's. */
  readonly test: (title: string, body: (t: ExecutionContext) => Promise<void>) => void;
  /** Made once, shared by the tests. */
  readonly fixture: () => Promise<ShellFixture>;
  /** Every exit code and 200 names, instead of a few of each. */
  readonly thorough?: boolean;
}

/** What every Shell must do, whatever it runs over. */
export function testShellConformance(suite: Suite): void {
  let shared: Shell | undefined;
  const declare: Declare = (title, body) =>
    suite.test(`${suite.name}: ${title}`, async (t) => {
      const fixture = await suite.fixture();
      shared ??= fixture.createShell();
      await shared.open();
      await body(t, shared, fixture);
    });
  testCommands(declare, suite.thorough ?? false);
  testChannels(declare);
  testFiles(declare, suite.thorough ?? false);
  testRefusedFiles(declare);
  testLinks(declare);
}

type Declare = (
  title: string,
  body: (t: ExecutionContext, shell: Shell, fixture: ShellFixture) => Promise<void>,
) => void;

function testCommands(declare: Declare, thorough: boolean): void {
  declare('exit codes arrive exactly', async (t, shell) => {
    const codes = thorough
      ? Array.from({ length: 256 }, (_, code) => code)
      : [0, 1, 2, 125, 126, 127, 128, 137, 254, 255];
    const results = await Promise.all(codes.map((code) => shell.run('exit "$1"', { args: [String(code)] })));
    t.deepEqual(
      results.map(({ code }) => code),
      codes,
    );
  });

  declare('a signal is reported as itself or as 128 + its number', async (t, shell) => {
    for (const [signal, number] of [
      ['TERM', 15],
      ['KILL', 9],
      ['SEGV', 11],
    ] as const) {
      const result = await shell.run('ulimit -c 0; kill -s "$1" $$; sleep 30', { args: [signal] });
      if (result.signal === null) t.is(result.code, 128 + number);
      else t.deepEqual([result.code, result.signal], [null, signal]);
    }
  });

  declare('10 MB on each output arrive whole, stderr keeps its end', async (t, shell) => {
    const script = 'head -c 10000000 /dev/zero; { head -c 9999995 /dev/zero; printf "last\\n"; } >&2; exit 4';
    const { code, stdout, stderr } = await shell.run(script);
    t.deepEqual([code, stdout.length, stderr.length], [4, 10_000_000, 64 * 1024]);
    t.is(stderr.subarray(-5).toString(), 'last\n');
  });

  declare('arguments arrive byte for byte', async (t, shell) => {
    const everyByte = Array.from({ length: 127 }, (_, index) => String.fromCharCode(index + 1)).join('');
    const args = [
      '',
      ' ',
      '-n',
      "it's",
      '"$HOME" `id` \\',
      'two\nlines',
      '!!',
      'naïve ☃ 漢字',
      '*',
      everyByte,
    ];
    const { stdout } = await shell.run('printf "%s\\0" "$@"', { args });
    t.deepEqual(stdout.toString().split('\0').slice(0, -1), args);
  });

  declare('input streams through', async (t, shell) => {
    const random = seededRandom(7);
    const bytes = Buffer.from(Array.from({ length: 300_000 }, () => Math.floor(random() * 256)));
    const input = Readable.from(
      Array.from({ length: 10 }, () => bytes),
      { objectMode: false },
    );
    const { stdout } = await shell.run('cat', { input });
    t.is(digest(stdout), digest(Buffer.concat(Array.from({ length: 10 }, () => bytes))));
  });

  declare('a script that does not read its input ends all the same', async (t, shell) => {
    const { code, stdout } = await shell.run('head -c 1; exit 5', { input: Buffer.alloc(3_000_000, 'x') });
    t.deepEqual([code, stdout.toString()], [5, 'x']);
  });

  declare('a script runs under a quiet bash in the login directory', async (t, shell, { home }) => {
    const { stdout, stderr } = await shell.run('printf "%s|" "$PWD" "$(basename "$BASH")" "$#"');
    t.deepEqual([stdout.toString(), stderr.toString().includes('gpool')], [`${home}|bash|0|`, false]);
  });

  declare('silence beyond the deadline is an error, and so is too much output', async (t, shell) => {
    await rejects(t, shell.run('sleep 60', { deadlineMs: 400 }), ['E_DEADLINE']);
    await rejects(t, shell.run('head -c 200000 /dev/zero', { maxBytes: 100_000 }), ['E_PROTOCOL']);
    t.is((await shell.run('echo still there')).stdout.toString(), 'still there\n');
  });
}

function testChannels(declare: Declare): void {
  declare('a script that stays talks line by line and ends with its code', async (t, shell) => {
    const channel = await shell.start('while read -r line; do echo "$1 $line"; done; exit 7', {
      args: ['got'],
    });
    let heard = '';
    channel.stdout.on('data', (chunk: Buffer) => {
      heard += chunk;
    });
    channel.stdin.write('one\n');
    await waitFor(() => heard === 'got one\n', { what: 'the first answer' });
    channel.stdin.end('two\n');
    t.is((await channel.ended).code, 7);
    t.is(heard, 'got one\ngot two\n');
  });

  declare('a script may wait for its arguments, and does not run when there are none', async (t, shell) => {
    const channel = await shell.start('echo "$1"', { args: Promise.resolve(['late']) });
    let heard = '';
    channel.stdout.on('data', (chunk: Buffer) => {
      heard += chunk;
    });
    await waitFor(() => heard === 'late\n', { what: 'the answer' });
    t.is((await channel.ended).code, 0);
    const none = Promise.reject(new Error('no arguments'));
    await t.throwsAsync(shell.start('echo "$1"', { args: none }), { message: 'no arguments' });
  });

  declare('closing a channel ends it at once', async (t, shell) => {
    const channel = await shell.start('echo ready; exec cat');
    await waitFor(() => channel.stdout.readableLength > 0, { what: 'output' });
    channel.close();
    await channel.ended.catch(() => {});
    t.pass();
  });

  declare('a background process that let go of its outputs does not hold the call', async (t, shell) => {
    const { stdout } = await shell.run('setsid sleep 20 </dev/null >/dev/null 2>&1 & echo $!');
    const pid = Number(stdout.toString());
    t.is((await shell.run('kill -0 "$1" && kill "$1"', { args: [String(pid)] })).code, 0);
  });
}

function testLinks(declare: Declare): void {
  declare(
    'a dropped connection is told once, fails what is pending, and can be opened again',
    async (t, _, fixture) => {
      if (!fixture.drop) {
        t.pass();
        return;
      }
      const shell = fixture.createShell();
      await shell.open();
      const told: unknown[] = [];
      shell.onClose((error) => told.push(error?.code));
      const pending = shell.run('sleep 60').catch((error: unknown) => error);
      const channel = await shell.start('sleep 60');
      channel.ended.catch(() => {});
      await fixture.drop();
      const error = await pending;
      t.is(error instanceof GpoolError && error.code, 'E_CONN_LOST');
      await waitFor(() => told.length > 0, { what: 'onClose' });
      await shell.open();
      t.is((await shell.run('echo back')).stdout.toString(), 'back\n');
      t.deepEqual(told, ['E_CONN_LOST']);
      await shell.close();
    },
  );

  declare('closing fails what is pending and is no fault', async (t, _, fixture) => {
    if (!fixture.drop) {
      t.pass();
      return;
    }
    const shell = fixture.createShell();
    await shell.open();
    const told: unknown[] = [];
    shell.onClose((error) => told.push(error));
    const pending = rejects(t, shell.run('sleep 60'), ['E_CONN_LOST']);
    await shell.close();
    await shell.close();
    await pending;
    await waitFor(() => told.length > 0, { what: 'onClose' });
    t.deepEqual(told, [undefined]);
    await rejects(t, shell.run('echo'), ['E_CONN_LOST']);
  });
}

function testFiles(declare: Declare, thorough: boolean): void {
  declare('files of any size go and come back identical, mode 0600', async (t, shell, { home }) => {
    const here = await tempDir(t);
    for (const size of [0, 1, 32_767, 32_768, 261_120, 262_145, 5 * 1024 * 1024, 17 * 1024 * 1024]) {
      const bytes = pseudoRandom(size);
      await writeFile(join(here, 'out'), bytes);
      let moved = 0;
      await shell.putFile(join(here, 'out'), `size ${size}`, { onProgress: (more) => (moved += more) });
      const there = await stat(join(home, `size ${size}`));
      t.deepEqual([there.size, there.mode & 0o777, moved], [size, 0o600, size]);
      const shown = createHash('sha256');
      const onBytes = (more: Buffer) => shown.update(more);
      await shell.getFile(join(home, `size ${size}`), join(here, `back ${size}`), size, { onBytes });
      t.is(shown.digest('hex'), digest(bytes));
      t.is(digest(await readFile(join(here, `back ${size}`))), digest(bytes));
    }
  });

  declare('names hold blanks, quotes, newlines, dashes and anything else', async (t, shell, { home }) => {
    const seed = pickSeed();
    t.log(`seed ${seed}`);
    const random = seededRandom(seed);
    const here = await tempDir(t);
    const directory = `names-${seed}`;
    await shell.run('mkdir -- "$1"', { args: [directory] });
    const names = new Set(Array.from({ length: thorough ? 200 : 15 }, () => hostileName(random)));
    const tries = [...names].map(async (name, index) => {
      await writeFile(join(here, `out${index}`), name);
      await shell.putFile(join(here, `out${index}`), join(directory, name));
      t.is(await readFile(join(home, directory, name), 'utf8'), name);
      await shell.getFile(join(directory, name), join(here, `back${index}`), Buffer.byteLength(name));
      t.is(await readFile(join(here, `back${index}`), 'utf8'), name);
    });
    await Promise.all(tries);
  });

  declare('only as much of a file is fetched as was asked for', async (t, shell, { home }) => {
    const here = await tempDir(t);
    await shell.run('printf 0123456789 >digits');
    await shell.getFile(join(home, 'digits'), join(here, 'four'), 4);
    t.is(await readFile(join(here, 'four'), 'utf8'), '0123');
  });
}

function testRefusedFiles(declare: Declare): void {
  declare('a fetch never writes through a link or over a file', async (t, shell) => {
    const here = await tempDir(t);
    await shell.run('printf evil >evil');
    await writeFile(join(here, 'precious'), 'precious');
    await symlink(join(here, 'precious'), join(here, 'link'));
    await symlink(join(here, 'nowhere'), join(here, 'dangling'));
    for (const target of ['precious', 'link', 'dangling'])
      await rejects(t, shell.getFile('evil', join(here, target), 4));
    t.is(await readFile(join(here, 'precious'), 'utf8'), 'precious');
    await t.throwsAsync(stat(join(here, 'nowhere')));
  });

  declare('a fetch of what is missing, short or special fails and leaves nothing', async (t, shell) => {
    const here = await tempDir(t);
    await shell.run('printf short >short; rm -f fifo; mkfifo fifo; mkdir -p directory');
    for (const remote of ['missing', 'short', 'fifo', 'directory']) {
      await rejects(t, shell.getFile(remote, join(here, remote), 9));
      await t.throwsAsync(stat(join(here, remote)), undefined, remote);
    }
  });

  declare('an upload from or to a place that cannot be used fails', async (t, shell) => {
    const here = await tempDir(t);
    await writeFile(join(here, 'file'), 'text');
    await mkdir(join(here, 'directory'));
    await rejects(t, shell.putFile(join(here, 'file'), 'no/such/place'));
    await rejects(t, shell.putFile(join(here, 'missing'), 'target'));
    await rejects(t, shell.putFile(join(here, 'directory'), 'target'));
    t.is((await shell.run('echo still there')).stdout.toString(), 'still there\n');
  });
}

/** One of our errors, with one of these codes when any are given. */
async function rejects(
  t: ExecutionContext,
  call: Promise<unknown>,
  codes?: readonly string[],
): Promise<void> {
  const error = await call.then(
    () => 'success',
    (reason: unknown) => reason,
  );
  t.true(
    error instanceof GpoolError && (codes?.includes(error.code) ?? true),
    `expected ${codes ?? 'an error of ours'}, got ${error}`,
  );
}

function pseudoRandom(size: number): Buffer {
  const random = seededRandom(size);
  return Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256)));
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
