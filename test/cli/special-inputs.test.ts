import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { MAIN } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a line of bash in which `gpool` is the command: what it is given has to be made by a shell. */
function bash(cwd: string, line: string): Promise<Ran> {
  const script = `exec </dev/null; gpool() { ${process.execPath} ${MAIN} "$@"; }\n${line}`;
  const env = { PATH: process.env.PATH, HOME: cwd, USER: process.env.USER, NO_COLOR: '1', GJOB_IDLE: '2' };
  return new Promise((resolve) => {
    execFile('bash', ['-c', script], { cwd, env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

for (const [what, line] of [
  ['a process substitution', 'gpool run --out b --file <(seq 3):in -- cat in ::: 1 2'],
  ['a named FIFO', 'mkfifo p; seq 3 > p & gpool run --out b --file p:in -- cat in ::: 1 2'],
  ['standard input from a pipe', 'seq 3 | gpool run --out b --file /dev/stdin:in -- cat in ::: 1 2'],
  ['standard input from a file', 'seq 3 > f; gpool run --out b --file /dev/stdin:in -- cat in ::: 1 2 < f'],
] as const) {
  test.serial(`${what} is read once, and every job and rerun has it`, async (t) => {
    const cwd = await tempDir(t);
    const first = await bash(cwd, line.replace(' ::: 1 2', ' "#" {} ::: 1 2'));
    t.is(first.code, 0, first.stderr);
    t.is(first.stdout, '1\n2\n3\n1\n2\n3\n');
    t.is((await readdir(join(cwd, 'b/inputs'))).length, 1);
    const again = await bash(cwd, 'gpool rerun b --all --job 2');
    t.is(again.stdout, '1\n2\n3\n', again.stderr);
  });
}

test.serial(
  '/dev/null is an empty file; a device, a socket and stdin that is read twice are refused',
  async (t) => {
    const cwd = await tempDir(t);
    const empty = await bash(cwd, 'gpool run --file /dev/null:in -- "wc -c < in"');
    t.is(empty.stdout.trim(), '0', empty.stderr);
    const socket = `${process.execPath} -e 'require("net").createServer().listen("s", () => process.exit())'; cp -r /dev/null x`;
    for (const [line, message] of [
      ['gpool run --file /dev/zero:in -- cat in', /a device cannot be sent.*E_INPUT_DENIED/],
      [
        `python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("s")' || ${socket}; gpool run --file s -- cat s`,
        /a socket cannot be sent.*E_INPUT_DENIED/,
      ],
      ['seq 3 | gpool run -a - --file /dev/stdin:in -- cat in', /standard input is both/],
    ] as const) {
      const { code, stderr } = await bash(cwd, line);
      t.true(code === 3 || code === 2, stderr);
      t.regex(stderr, message);
    }
  },
);

test.serial('what is special inside a tree is named before the start', async (t) => {
  const cwd = await tempDir(t);
  const { code, stdout, stderr } = await bash(
    cwd,
    'mkdir d; mkfifo d/p; echo x > d/f; gpool run --file d -- ls d',
  );
  t.is(code, 0, stderr);
  t.is(stdout, 'f\n');
  t.regex(stderr, /^gpool: not sent with the inputs: d\/p \(a FIFO\)\n/);
});

test.serial('batches and the root that lie in a directory are not sent with it, and are named', async (t) => {
  const cwd = await tempDir(t);
  await mkdir(join(cwd, 'sub'));
  await writeFile(join(cwd, 'sub/f'), 'x');
  const run = 'gpool run --root $PWD/sub/store --file .:src -- "cd src && find . -type f -o -type l | sort"';
  t.is((await bash(cwd, run)).stdout, './sub/f\n');
  const second = await bash(cwd, run);
  t.is(second.stdout, './sub/f\n', second.stderr);
  t.regex(
    second.stderr,
    /not sent with the inputs: \S*(batches\/\S+ \(a batch\)|store \(gpool's own\)), \S*/,
  );
  const third = await bash(cwd, run.replace('run ', 'run --out runs/a '));
  t.is(third.stdout, './sub/f\n');
  const resumed = await bash(cwd, 'gpool resume runs/a');
  t.is(resumed.code, 0, resumed.stderr);
});

test.serial('a batch that is named is sent, and so is a path in one; the root never is', async (t) => {
  const cwd = await tempDir(t);
  t.is((await bash(cwd, 'gpool run --root $PWD/store --out b -- echo hi')).stdout, 'hi\n');
  const named = await bash(cwd, 'gpool run --file b --file b/jobs:j -- "ls b; cat j/1/1/stdout"');
  t.regex(named.stdout, /^batch\.json\n[\s\S]*hi\n$/);
  const root = await bash(cwd, 'gpool run --file store -- true');
  t.is(root.code, 3);
  t.regex(root.stderr, /gpool's own directory.*E_INPUT_DENIED/);
});

test.serial('files of others that only look like a batch or a root are sent', async (t) => {
  const cwd = await tempDir(t);
  const make = 'mkdir -p d/a d/bin d/cache; echo "[]" > d/a/batch.json; touch d/a/journal.jsonl d/bin/x';
  const { stdout, stderr } = await bash(cwd, `${make}; gpool run --file d -- "find d -type f | sort"`);
  t.is(stdout, 'd/a/batch.json\nd/a/journal.jsonl\nd/bin/x\n', stderr);
});
