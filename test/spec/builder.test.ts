import test from 'ava';
import { SpecError } from '../../src/errors.js';
import { Builder } from '../../src/spec/builder.js';
import type { JobInput } from '../../src/spec/job-input.js';
import { SpecErrors } from '../../src/spec/problems.js';

const names = (builder: Builder) => builder.makeJobSpecs().map(({ name }) => name);
const sim: JobInput = { commands: ['./sim'], name: 'sim' };

test('setRepeat is the default for later jobs only, and a job can say otherwise', (t) => {
  const specs = new Builder()
    .addJob({ commands: ['first'], name: 'first' })
    .setRepeat(3)
    .addJob(sim)
    .addJob({ commands: ['last'], name: 'last', repeat: 1 })
    .makeJobSpecs();
  t.deepEqual(
    specs.map(({ name, repeat }) => [name, repeat]),
    [
      ['first', 1],
      ['sim#1', 1],
      ['sim#2', 2],
      ['sim#3', 3],
      ['last', 1],
    ],
  );
});

test('repeat 0 adds no job, and an empty batch is no mistake', (t) => {
  t.deepEqual(names(new Builder().addJob({ ...sim, repeat: 0 })), []);
  t.deepEqual(names(new Builder().setRepeat(0).addJob(sim)), []);
});

test('a job without a name is called job', (t) => {
  t.deepEqual(names(new Builder().addJob({ commands: 'true' }).addJob({ commands: 'true' })), [
    'job',
    'job-2',
  ]);
});

test('names are made unique, also against replicas of other jobs', (t) => {
  const builder = new Builder()
    .addJob(sim)
    .addJob(sim)
    .addJob({ ...sim, repeat: 2 })
    .addJob({ ...sim, name: 'x#2' })
    .addJob({ ...sim, name: 'x', repeat: 2 });
  t.deepEqual(names(builder), ['sim', 'sim-2', 'sim#1', 'sim#2', 'x#2', 'x-2#1', 'x-2#2']);
});

test('a thousand jobs of one name get a thousand names', (t) => {
  const builder = new Builder();
  for (let at = 0; at < 1000; at++) builder.addJob(sim);
  t.is(new Set(names(builder)).size, 1000);
});

test('the specs are frozen copies', (t) => {
  const input = { commands: ['a'], files: ['f'], env: { A: '1' } };
  const builder = new Builder().addJob(input);
  input.commands.push('b');
  input.env.A = '2';
  const specs = builder.makeJobSpecs();
  t.deepEqual(specs[0]?.commands, ['a']);
  t.deepEqual(specs[0]?.env, { A: '1' });
  t.true(Object.isFrozen(specs) && Object.isFrozen(specs[0]) && Object.isFrozen(specs[0]?.files));
  t.deepEqual(builder.makeJobSpecs(), specs);
});

test('a job input becomes a complete spec', (t) => {
  const [spec] = new Builder()
    .addJob({
      commands: 'run',
      files: ['a', 'b:c'],
      returns: ['out', 'log?'],
      timeoutSecs: 5,
      repeatable: false,
      args: ['x'],
    })
    .makeJobSpecs();
  t.deepEqual(spec, {
    name: 'job',
    commands: ['run'],
    files: [
      { source: 'a', target: 'a' },
      { source: 'b', target: 'c' },
    ],
    returns: [
      { pattern: 'out', optional: false },
      { pattern: 'log', optional: true },
    ],
    env: {},
    values: {},
    repeat: 1,
    limits: { timeoutSecs: 5 },
    repeatable: false,
    args: ['x'],
  });
});

test('common files go to every job, also to those added before', (t) => {
  const specs = new Builder()
    .addJob({ ...sim, files: ['own'] })
    .addFiles(['data.csv', { source: '/etc/hosts', target: 'hosts' }])
    .makeJobSpecs();
  t.deepEqual(
    specs[0]?.files.map(({ target }) => target),
    ['data.csv', 'hosts', 'own'],
  );
});

test('a common file and a job’s own cannot go to one place', (t) => {
  const builder = new Builder().addFiles(['data.csv']).addJob({ ...sim, files: ['other:data.csv'] });
  t.throws(() => builder.makeJobSpecs(), {
    message: /job 1 \(sim\): files: data.csv and other both go to data.csv/,
  });
});

const mistakes: [title: string, input: JobInput, message: RegExp][] = [
  ['an empty command list', { commands: [] }, /commands: has no command/],
  ['blank commands', { commands: ['  ', ''] }, /commands: has no command/],
  ['NUL in a command', { commands: 'a\0' }, /commands: contains NUL/],
  ['a negative repeat', { ...sim, repeat: -1 }, /repeat: is negative/],
  ['half a repeat', { ...sim, repeat: 1.5 }, /repeat: is not a whole number/],
  ['a limit of zero', { ...sim, timeoutSecs: 0 }, /timeoutSecs: is less than 1 second/],
  ['the same destination twice', { ...sim, files: ['/a/x', '/b/x'] }, /\/a\/x and \/b\/x both go to x/],
  ['a file inside another input', { ...sim, files: ['d', 'y:d/y'] }, /d\/y would lie inside d/],
  [
    'a target that leaves the directory',
    { ...sim, files: ['x:../y'] },
    /"\.\.\/y" leaves the working directory/,
  ],
  ['an absolute target', { ...sim, files: ['x:/y'] }, /"\/y" is absolute/],
  ['an empty target', { ...sim, files: ['x:'] }, /the target is empty/],
  ['an empty file name', { ...sim, files: [''] }, /an input file has an empty name/],
  ['a return outside', { ...sim, returns: ['../x'] }, /the return "\.\.\/x" leaves/],
  ['an absolute return', { ...sim, returns: ['/x'] }, /the return "\/x" is absolute/],
  ['an impossible variable', { ...sim, env: { 'A-B': '' } }, /env: "A-B" cannot name a shell variable/],
  ['a variable of ours', { ...sim, env: { GPOOL_JOB: '' } }, /GPOOL_JOB: names with GPOOL_ are gpool's own/],
  [
    'a value that is in env too',
    { ...sim, env: { A: '' }, values: { A: 1 } },
    /A is both a value and in env/,
  ],
  ['a name with a newline', { ...sim, name: 'a\nb' }, /name: is empty or has control characters/],
  ['a blank name', { ...sim, name: ' ' }, /name: is empty or has control characters/],
];

for (const [title, input, message] of mistakes) {
  test(`${title} is refused`, (t) => {
    const error = t.throws(() => new Builder().addJob(input).makeJobSpecs(), {
      instanceOf: SpecError,
      message,
    });
    t.is(error?.code, 'E_SPEC');
  });
}

test('an unknown key is refused with the one that was meant', (t) => {
  const input = { ...sim, comands: ['x'] };
  t.throws(() => new Builder().addJob(input).makeJobSpecs(), {
    message: /unknown key `comands` \(did you mean `commands`\?\)/,
  });
});

test('every problem of every job is told at once, numbered, with its place', (t) => {
  const builder = new Builder()
    .setRepeat(-1)
    .addJob({ commands: [] })
    .addJob(sim)
    .addJob({ ...sim, repeat: -2, files: ['x:../y'] })
    .addSweep({ lr: [] }, { commands: '{foo}' });
  const error = t.throws(() => builder.makeJobSpecs(), { instanceOf: SpecErrors });
  t.deepEqual(
    error?.problems.map(({ where }) => where),
    ['setRepeat', 'job 1', 'job 3 (sim)', 'job 3 (sim)', 'sweep 4', 'sweep 4'],
  );
  t.regex(
    error?.message ?? '',
    /6 problems:\n {2}1\. setRepeat: -1 is not a whole number from 0\n {2}2\. job 1: /,
  );
});

test('a function that forgets to return a job is told so', (t) => {
  const forgetful = () => undefined;
  // @ts-expect-error the compiler refuses it too
  const builder = new Builder().addSweep({ a: [1] }, forgetful);
  t.throws(() => builder.makeJobSpecs(), { message: /sweep 1, a=1: commands: / });
});

test('a mistake that a sweep repeats a thousand times is listed a hundred times', (t) => {
  const n = Array.from({ length: 1000 }, (_, at) => at);
  const builder = new Builder().addSweep({ n }, () => ({ commands: [] }));
  const error = t.throws(() => builder.makeJobSpecs(), { instanceOf: SpecErrors });
  t.is(error?.problems.length, 1000);
  t.regex(error?.message ?? '', /1000 problems:[\s\S]* 100\. [\s\S]*and 900 more\n/);
});
