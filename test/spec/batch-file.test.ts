import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SpecError } from '../../src/errors.js';
import { type BatchFile, readBatchFile } from '../../src/spec/batch-file.js';
import { tempDir } from '../helpers/temp-dir.js';

async function read(t: ExecutionContext, text: string): Promise<BatchFile> {
  const path = join(await tempDir(t), 'my-batch.yaml');
  await writeFile(path, text);
  return readBatchFile(path);
}

test('a command and a sweep become jobs named by their values', async (t) => {
  const { name, hosts, specs } = await read(
    t,
    `
name: words
hosts: [':', 'lab[01-02]']
files: [train.py]
sweep:
  lr: [0.1, 0.01]
  data: { train: [a, b c], test: [x, y] }
command: python3 train.py {lr} {train} {test}
returns: [model.pt, 'log-{lr}?']
limits: { timeout: 1h 30m }
env: { OMP_NUM_THREADS: 2 }
`,
  );
  t.is(name, 'words');
  t.deepEqual(
    hosts?.map((host) => host.name),
    [':', 'lab01', 'lab02'],
  );
  t.deepEqual(
    specs.map((spec) => spec.name),
    [
      'lr=0.1,train=a,test=x',
      'lr=0.1,train=b c,test=y',
      'lr=0.01,train=a,test=x',
      'lr=0.01,train=b c,test=y',
    ],
  );
  t.deepEqual(specs[1], {
    name: 'lr=0.1,train=b c,test=y',
    commands: ["python3 train.py 0.1 'b c' y"],
    files: [{ source: 'train.py', target: 'train.py' }],
    returns: [
      { pattern: 'model.pt', optional: false },
      { pattern: 'log-0.1', optional: true },
    ],
    env: { OMP_NUM_THREADS: '2' },
    values: { lr: 0.1, train: 'b c', test: 'y' },
    repeat: 1,
    limits: { timeoutSecs: 5400 },
    repeatable: true,
    args: [],
  });
});

test('a list of jobs shares files and settings, which a job can change', async (t) => {
  const { name, hosts, specs } = await read(
    t,
    `
files: [common]
env: { A: '1', B: '2' }
repeat: 2
returns: [out]
jobs:
  - name: first
    command: "awk '{print}'"
  - name: second
    commands: [one, two]
    files: [own]
    env: { B: '3' }
    returns: []
    repeat: 1
`,
  );
  t.is(name, 'my-batch');
  t.is(hosts, undefined);
  t.deepEqual(
    specs.map((spec) => spec.name),
    ['first#1', 'first#2', 'second'],
  );
  t.deepEqual(specs[0]?.commands, ["awk '{print}'"]);
  t.deepEqual(specs[2]?.env, { A: '1', B: '3' });
  t.deepEqual(
    specs[2]?.files.map(({ source }) => source),
    ['common', 'own'],
  );
  t.deepEqual(specs[2]?.returns, []);
});

test('combinations can be left out and added', async (t) => {
  const { specs } = await read(
    t,
    `
sweep: { a: [1, 2], b: [1, 2] }
exclude: [{ a: 2, b: 1 }]
include: [{ a: 9, b: 9 }]
command: echo {a} {b}
`,
  );
  t.deepEqual(
    specs.map(({ commands }) => commands[0]),
    ['echo 1 1', 'echo 1 2', 'echo 2 2', 'echo 9 9'],
  );
});

test('hosts can come from a hosts file, and only some of them', async (t) => {
  const hostsFile = join(await tempDir(t), 'hosts.yaml');
  await writeFile(hostsFile, 'hosts: [a, b, c]\ngroups: { two: [a, b] }\n');
  const all = await read(t, `command: 'true'\nhosts: { file: ${hostsFile} }\n`);
  t.deepEqual(
    all.hosts?.map(({ name }) => name),
    ['a', 'b', 'c'],
  );
  const some = await read(t, `command: 'true'\nhosts: { file: ${hostsFile}, only: '@two!a' }\n`);
  t.deepEqual(
    some.hosts?.map(({ name }) => name),
    ['b'],
  );
});

const mistakes: [title: string, text: string, problems: string[]][] = [
  ['a mistyped key', 'comand: x\ncommand: x\n', ['1: unknown key `comand` (did you mean `command`?)']],
  ['an unknown key', 'command: x\nfoobar: 1\n', ['2: unknown key `foobar` (known: ']],
  ['no command', 'name: x\n', ['1: the file needs a command, or a list of jobs']],
  ['an empty file', '', ['1: is not a map of names to values']],
  ['broken YAML', 'command: x\nfiles: [a\n', ['3: no valid YAML: ']],
  [
    'an unquoted pattern',
    'command: x\nreturns: [*.csv]\n',
    ['2: *.csv refers to nothing; a text that begins with * needs quotes'],
  ],
  [
    'unquoted braces',
    'command: {lr}\n',
    ['1: command: is not a line of bash or a list of lines; text that begins with a brace needs quotes'],
  ],
  ['a key twice', 'command: x\ncommand: y\n', ['2: no valid YAML: Map keys must be unique']],
  [
    'a limit that is no time',
    'command: x\nlimits:\n  timeout: soon\n',
    ['3: limits.timeout: "soon" is not a span of time'],
  ],
  [
    'a limit of zero',
    'command: x\nlimits:\n  timeout: 0\n',
    ['3: limits.timeout: "0" would end every job at once'],
  ],
  ['no tries at all', 'command: x\nretries: 0\n', ['2: retries: is less than 1']],
  [
    'codes that cannot be tried again',
    'command: x\nretries: 2\nretryOn: [300]\nneverRetry: [oops]\n',
    ['3: retryOn.0: 300 is no exit code from 1 to 255', '4: neverRetry.0: "oops" is no exit code'],
  ],
  ['a malformed halt rule', 'command: x\nhalt: soon,fails=1\n', ['2: halt: "soon,fails=1" is no halt rule']],
  ['a signal before no limit', 'command: x\nlimits: { signal: USR1@60 }\n', ['1: there is a signal before']],
  [
    'a limit below the median',
    'command: x\nlimits: { timeout: 90% }\n',
    ['2: limits.timeout: "90%" of the median'],
  ],
  ['an empty command', "command: ''\n", ['1: commands: has no command']],
  [
    'both command and commands',
    'jobs:\n  - command: x\n    commands: y\n',
    ['2: jobs.0: needs either command or commands'],
  ],
  [
    'a sweep beside jobs',
    'sweep: {a: [1]}\njobs:\n  - command: x\n',
    ['1: sweep: goes into one of the jobs'],
  ],
  [
    'a list in a list of values',
    'command: x\nsweep:\n  a:\n    - 1\n    - [2]\n',
    ['5: sweep.a.1: is not a text, a number'],
  ],
  [
    'an unknown placeholder',
    'sweep: {a: [1]}\ncommand: echo {b}\n',
    ['1: {b} is not a parameter of the sweep, which has {a}'],
  ],
  [
    'a stranger left out',
    'sweep: {a: [1]}\ncommand: x\nexclude:\n  - {b: 1}\n',
    ['3: exclude: b is not a parameter'],
  ],
  [
    'an added point with a gap',
    'sweep: {a: [1], b: [1]}\ncommand: x\ninclude: [{a: 1}]\n',
    ['3: include: a point has no b'],
  ],
  ['a destination twice', 'command: x\nfiles: [/a/x, /b/x]\n', ['1: files: /a/x and /b/x both go to x']],
  ['a bad host', "command: x\nhosts: ['a b']\n", ['2: "a b" has a blank in it']],
  [
    'many mistakes, all told',
    'hosts: [a/b]\njobs:\n  - command: x\n    repeat: -1\n  - command: x\n    files: [..]\n  - command: "{q}"\n    sweep: {a: []}\n',
    [
      '7: {q} is not',
      '8: sweep: a has no values',
      '3: repeat: is negative',
      '5: files: the target',
      '1: "a/b" has "a" for its slots',
    ],
  ],
];

for (const [title, text, problems] of mistakes) {
  test(`a batch file with ${title} is refused, with file and line`, async (t) => {
    const error = await t.throwsAsync(read(t, text), { instanceOf: SpecError });
    for (const problem of problems)
      t.true(error?.message.includes(`my-batch.yaml:${problem}`), error?.message);
    if (problems.length > 1) t.true(error?.message.includes(`${problems.length} problems`), error?.message);
  });
}

test('a batch file that is not there is told by its name', async (t) => {
  await t.throwsAsync(readBatchFile('/nonexistent/b.yaml'), {
    code: 'E_BATCH_FILE',
    message: /\/nonexistent\/b.yaml: the batch file cannot be read: ENOENT/,
  });
});

test('a job of a batch file keeps its own rules about retries, and takes the others from the file', async (t) => {
  const text = [
    'retries: 3',
    'retryDelay: 1m',
    'halt: -1',
    'jobs:',
    '  - command: a',
    '  - { command: b, retries: 1, retryOn: [75, oom] }',
    '  - { command: c, limits: { timeout: 200% } }',
  ].join('\n');
  const { specs, halt } = await read(t, text);
  t.is(halt, '-1');
  t.deepEqual(
    specs.map(({ retry }) => retry),
    [
      { retries: 2, retryDelaySecs: 60 },
      { retries: 0, retryOn: [75, 'oom'], retryDelaySecs: 60 },
      { retries: 2, retryDelaySecs: 60 },
    ],
  );
  t.deepEqual(specs[2]?.limits, { timeoutPercent: 200 });
});
