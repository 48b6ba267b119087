import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import PQueue from 'p-queue';
import { systemClock } from '../../../src/clock.js';
import { GpoolError } from '../../../src/errors.js';
import { hostPaths } from '../../../src/network/direct/host-paths.js';
import { collectJob } from '../../../src/network/direct/returns/collect-job.js';
import { checkCaseCollisions } from '../../../src/network/direct/returns/name-collisions.js';
import { OutputFetcher } from '../../../src/network/direct/returns/output-fetcher.js';
import type { Session } from '../../../src/network/direct/session.js';
import { createLocalShell } from '../../../src/network/shell/local-shell.js';
import type { Shell } from '../../../src/network/shell/shell.js';
import { createHost, PLAIN_DEFAULTS } from '../../../src/spec/inventory/inventory.js';
import { makeSpec } from '../../helpers/make-specs.js';
import { tempDir } from '../../helpers/temp-dir.js';

const BYTES = 'from the host';
const SHA = createHash('sha256').update(BYTES).digest('hex');

/** A session with a host that answers `manifest` and `digest` with these texts and serves any file. */
function hostileSession(manifest: string | Buffer, digest: string): Session {
  const host = createHost('evil', { kind: 'local' }, PLAIN_DEFAULTS);
  const run: Shell['run'] = async (_, { args = [] } = {}) => {
    const stdout = Buffer.from(args.includes('digest') ? digest : manifest);
    return { code: 0, signal: null, stdout, stderr: Buffer.alloc(0) };
  };
  const getFile: Shell['getFile'] = async (_, local, _bytes, { onBytes } = {}) => {
    await writeFile(local, BYTES, { flag: 'wx', mode: 0o600 });
    onBytes?.(Buffer.from(BYTES));
  };
  const shell = { ...createLocalShell(), run, getFile };
  const helper = { root: '/r', file: '/r/bin/gjob', probe: '' };
  return { shell, helper, paths: hostPaths(host, '/r', 'b'), hasTar: false };
}

async function collect(
  directory: string,
  manifest: string | Buffer,
  patterns: readonly string[],
  digest = `${SHA}\n`,
  optional = true,
) {
  const session = () => hostileSession(manifest, digest);
  const spec = makeSpec({ returns: patterns.map((pattern) => ({ pattern, optional })) });
  const output = { stdout: false, stderr: false };
  const fetcher = new OutputFetcher(session, systemClock);
  const transfers = new PQueue({ concurrency: 8 });
  return collectJob({ attempt: '1.1', spec, directory, session, fetcher, transfers, output });
}

const row = (path: string, kind = 'f', last = '-', mode = '644', size = String(BYTES.length), sha = SHA) =>
  `1\t${kind}\t${mode}\t${kind === 'f' ? size : '0'}\t${kind === 'f' ? sha : '-'}\t${path}\t${last}\n`;

function corpus(): string[] {
  const climbs = [
    '..',
    '../x',
    'a/../../x',
    'a/..',
    './../x',
    '/etc/x',
    '//x',
    '/',
    '',
    '.',
    './x',
    'a/.',
    'a//b',
    'a/',
    '..\\\\x/..',
  ];
  const deep = Array.from({ length: 60 }, (_, n) => `${'../'.repeat(n + 1)}canary`);
  const inside = Array.from({ length: 60 }, (_, n) => `${'a/'.repeat(n + 1)}${'../'.repeat(n + 2)}canary`);
  const long = [
    'x'.repeat(256),
    'é'.repeat(200),
    Array(200).fill('d').join('/'),
    `${'y'.repeat(250)}/`.repeat(20),
  ];
  const targets = [
    '/etc/passwd',
    '../x',
    '..',
    'a/../../x',
    'a/..',
    '',
    '../../..',
    './../x',
    'a/b/../../..',
  ];
  const links = targets.map((target) => row('l', 'l', target));
  const through = targets.concat(['d']).map((target) => row('l', 'l', target) + row('l/x'));
  const inward = ['d', 'd/e', 'file'].map((target) => row('l', 'l', target) + row('l/x'));
  const doubled = [
    row('a') + row('a', 'd'),
    row('a') + row('a/b'),
    row('a', 'l', 'b') + row('a'),
    row('a') + row('a', 'f', '-', '600'),
  ];
  const escapes = ['a\\qb', 'a\\', '\\0x', '\\x41', 'a\\e', '\0', 'a\0b'].map((path) => row(path));
  const numbers = ['0', '3', '-1', 'x', '', '1e3', '99999999999', '__proto__', 'constructor'].map((n) =>
    row('a').replace(/^1/, n),
  );
  const modes = ['', '9', '-1', '8888', 'rwx', '0x1ff', '777777'].map((mode) => row('a', 'f', '-', mode));
  const sizes = ['', '-1', '1e9', 'NaN', '99999999999999999', '0x10', ' 1'].map((size) =>
    row('a', 'f', '-', '644', size),
  );
  const digests = ['', '--', 'x'.repeat(64), SHA.slice(1), `${SHA}0`, SHA.toUpperCase()].map((sha) =>
    row('a', 'f', '-', '644', '13', sha),
  );
  const kinds = ['', 'x', 'F', 'ff', 'toString', 'p'].map((kind) => row('a', kind));
  const shapes = [
    '\n',
    '1\n',
    '1\tf\n',
    `${row('a').trimEnd()}\t1\textra\n`,
    row('a').slice(0, -1),
    `junk ${row('a')}`,
    '\0\0\0\n',
    `${'x'.repeat(70_000)}\n`,
  ];
  const wrong = [
    row('a', 'f', '-', '644', '12'),
    row('a', 'f', '-', '644', '14'),
    row('a', 'f', '-', '644', '13', '0'.repeat(64)),
  ];
  const paths = [...climbs, ...deep, ...inside, ...long].map((path) => row(path));
  return [
    ...paths,
    ...links,
    ...through,
    ...inward,
    ...doubled,
    ...escapes,
    ...numbers,
    ...modes,
    ...sizes,
    ...digests,
    ...kinds,
    ...shapes,
    ...wrong,
  ];
}

/** Everything below a directory, with what it holds. */
async function snapshot(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile());
  const texts = await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')));
  return [...found.map((entry) => join(entry.parentPath, entry.name)), ...texts].sort();
}

test.serial(
  'no hostile list of returned files, of more than 200, changes anything outside; what is unsafe is left out by name',
  async (t) => {
    const directory = await tempDir(t);
    const target = join(directory, 'deep/er/out');
    await mkdir(target, { recursive: true });
    await writeFile(join(directory, 'canary'), 'alive');
    await symlink('../../canary', join(target, 'planted'));
    const before = await snapshot(directory);
    const lists = corpus();
    t.true(lists.length >= 200, `${lists.length} lists`);
    let leftOut = 0;
    for (const manifest of lists) {
      const title = JSON.stringify(manifest.slice(0, 100));
      const outcome = await collect(target, manifest, ['*', '**']).then(
        ({ skipped, files }) => ({ skipped, files, error: null }),
        (error: unknown) => ({ skipped: [], files: [], error }),
      );
      if (outcome.error === null) {
        t.true(outcome.skipped.length > 0, title);
        leftOut += 1;
        const inside = (await readdir(target)).filter((name) => name !== 'planted');
        for (const name of inside) await rm(join(target, name), { recursive: true });
      } else {
        const code = outcome.error instanceof GpoolError ? outcome.error.code : '';
        t.true(['E_OUTPUT_UNSAFE', 'E_PROTOCOL', 'E_TRANSFER'].includes(code), `${title} ${outcome.error}`);
      }
      t.deepEqual(await snapshot(directory), before, title);
    }
    t.true(leftOut > 140, `${leftOut}`);
  },
);

test.serial(
  'the rest comes beside what is unsafe, and a required return of which nothing comes is told with the reason',
  async (t) => {
    const directory = await tempDir(t);
    const list =
      row('good') + row('bad', 'l', '/etc/passwd') + row('pipe', 's', 'it is a FIFO') + row('../up');
    const { files, skipped, missing, unfit } = await collect(directory, list, ['*'], `${SHA}\n`, false);
    t.deepEqual(files, [{ path: 'good', bytes: BYTES.length }]);
    t.deepEqual(
      skipped.map(({ path, data = false }) => [path, data]),
      [
        ['bad', false],
        ['pipe', false],
        ['../up', true],
      ],
    );
    t.deepEqual([missing, unfit], [[], undefined]);
    const pipe = await collect(
      join(directory, 'x'),
      row('pipe', 's', 'it is a FIFO'),
      ['pipe'],
      `${SHA}\n`,
      false,
    );
    t.deepEqual(pipe.missing, ['pipe']);
    t.deepEqual(pipe.unfit, [{ pattern: 'pipe', why: '"pipe": it is a FIFO' }]);
  },
);

test.serial('only what was asked for is taken', async (t) => {
  const directory = await tempDir(t);
  const cases: [string, string, boolean][] = [
    ['*.csv', 'a.csv', true],
    ['*.csv', 'a.txt', false],
    ['*.csv', 'd/a.csv', false],
    ['**/*.csv', 'd/e/a.csv', true],
    ['out', 'out/deep/file', true],
    ['out/', 'out/x', true],
    ['out', 'other', false],
    ['a?', 'ab', true],
    ['a[0-9]', 'a5', true],
    ['a[!0-9]', 'a5', false],
    ['we[ird', 'we[ird', true],
    ['x.y', 'xzy', false],
  ];
  for (const [at, [pattern, path, taken]] of cases.entries()) {
    const target = join(directory, String(at));
    const collecting = collect(target, row(path), [pattern]);
    if (taken) t.deepEqual((await collecting).files, [{ path, bytes: BYTES.length }], `${pattern} ${path}`);
    else t.deepEqual((await collecting).files, [], `${pattern} ${path}`);
  }
});

test.serial(
  "a return cannot take the place of the job's own output, and a name that is not UTF-8 is reported",
  async (t) => {
    const directory = await tempDir(t);
    const bad = Buffer.concat([
      Buffer.from(row('stdout')),
      Buffer.from(row('a?b').replace('?', '\xff'), 'latin1'),
    ]);
    const { files, skipped } = await collect(join(directory, 'out'), bad, ['*']);
    t.deepEqual(files, []);
    t.is(skipped.length, 2);
  },
);

test.serial(
  'what was listed without a digest keeps its name only with the digest that the host takes of it',
  async (t) => {
    const directory = await tempDir(t);
    const undigested = row('x', 'f', '-', '644', String(BYTES.length), '-');
    const { files } = await collect(join(directory, 'good'), undigested, ['x']);
    t.deepEqual(files, [{ path: 'x', bytes: BYTES.length }]);
    for (const [at, digest] of ['', '-\n', `${'0'.repeat(64)}\n`, `${SHA}\n${SHA}\n`].entries()) {
      const target = join(directory, String(at));
      await t.throwsAsync(collect(target, undigested, ['x'], digest), { code: 'E_TRANSFER' }, digest);
      t.deepEqual(await readdir(target), [], digest);
    }
  },
);

test.serial('setuid does not come back, and a file is never written through a planted link', async (t) => {
  const directory = await tempDir(t);
  const out = join(directory, 'out');
  await mkdir(out);
  await writeFile(join(directory, 'canary'), 'alive');
  await symlink('../canary', join(out, 'x'));
  await collect(out, row('x', 'f', '-', '4755'), ['x']);
  t.is(await readFile(join(directory, 'canary'), 'utf8'), 'alive');
  t.is((await lstat(join(out, 'x'))).mode & 0o7777, 0o755);
});

test.serial(
  'names that differ by case are refused where they are one file, before anything is written',
  async (t) => {
    const entries = [{ path: 'd/Name' }, { path: 'd/name' }];
    await t.throwsAsync(
      checkCaseCollisions('.', entries, async () => true),
      { code: 'E_OUTPUT_UNSAFE' },
    );
    await t.notThrowsAsync(checkCaseCollisions('.', entries, async () => false));
  },
);
