import test from 'ava';
import { createAttempt } from '../../src/manager/attempt.js';
import { createBatchState } from '../../src/queue/batch-state.js';
import { Builder } from '../../src/spec/builder.js';
import { isPlaceholderOnly } from '../../src/spec/variable-names.js';

const OWNED = [
  'UID',
  'PATH',
  'HOME',
  'IFS',
  'BASHOPTS',
  'LD_PRELOAD',
  'TMPDIR',
  'SHELLOPTS',
  'PWD',
  'BASH_ENV',
  'RANDOM',
  '_',
];

for (const name of OWNED) {
  test(`a value called ${name} is filled in and sets no variable`, (t) => {
    const specs = new Builder()
      .addSweep({ [name]: ['x'], lr: [1] }, { commands: `echo {${name}}` })
      .makeJobSpecs();
    t.deepEqual(specs[0]?.commands, ['echo x']);
    const { jobs } = createBatchState(specs, ['a']);
    const [job] = jobs;
    if (!job) return t.fail();
    const { env } = createAttempt('b', job, { id: '1.1', n: 1, host: 'a' });
    t.false(Object.hasOwn(env, name));
    t.is(env.lr, '1');
  });
}

test('env may set what bash takes, and nothing else', (t) => {
  const make = (env: Record<string, string>) => new Builder().addJob({ commands: 'x', env }).makeJobSpecs();
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'LD_PRELOAD', 'LANG', 'BASH_ENV'])
    t.notThrows(() => make({ [name]: '/x' }));
  for (const name of [
    'UID',
    'EUID',
    'PPID',
    'BASHOPTS',
    'SHELLOPTS',
    'BASH_VERSINFO',
    'IFS',
    'PWD',
    'RANDOM',
  ])
    t.throws(() => make({ [name]: 'x' }), { code: 'E_SPEC', message: new RegExp(`${name} cannot be set`) });
  t.false(isPlaceholderOnly('lr'));
});

test('values that no program can be started with are refused with the limit', (t) => {
  const make = (value: string) =>
    new Builder().addJob({ commands: 'x', values: { a: value } }).makeJobSpecs();
  t.notThrows(() => make('x'.repeat(131_069)));
  t.throws(() => make('x'.repeat(131_070)), { message: /a is 131073 bytes long.*131072/ });
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`v${at}`, 'x'.repeat(100_000)]));
  t.throws(() => new Builder().addJob({ commands: 'x', env: many }).makeJobSpecs(), { message: /together/ });
});
