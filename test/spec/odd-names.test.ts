import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readBatchFile } from '../../src/spec/batch-file.js';
import { Builder } from '../../src/spec/builder.js';
import { hostSchema } from '../../src/spec/host-schema.js';
import { readInventory } from '../../src/spec/inventory/read-inventory.js';
import { tempDir } from '../helpers/temp-dir.js';

const INHERITED = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];

test('names that every object has are names like others in env, values and sweeps', (t) => {
  for (const name of INHERITED) {
    const job = { commands: 'true' };
    const specs = new Builder()
      .addJob({ ...job, env: { [name]: 'e' } })
      .addJob({ ...job, values: { [name]: 'v' } })
      .addSweep({ [name]: ['s'] }, { commands: `echo {${name}}` })
      .makeJobSpecs();
    t.deepEqual(
      specs.map(({ env, values }) => [Object.entries(env), Object.entries(values)]),
      [
        [[[name, 'e']], []],
        [[], [[name, 'v']]],
        [[], [[name, 's']]],
      ],
    );
    t.deepEqual(specs[2]?.commands, ['echo s']);
  }
});

test('__proto__ is refused wherever it would be dropped', async (t) => {
  const record = (value: unknown) => JSON.parse(`{"__proto__":${JSON.stringify(value)}}`);
  const job = { commands: 'true' };
  for (const input of [
    { ...job, env: record('x') },
    { ...job, values: record('x') },
  ])
    t.throws(() => new Builder().addJob(input).makeJobSpecs(), { message: /__proto__ cannot/ });
  t.throws(() => new Builder().addSweep(record(['x']), job).makeJobSpecs(), {
    message: /"__proto__" cannot/,
  });
  const directory = await tempDir(t);
  for (const text of [
    'command: "true"\nenv: { __proto__: x }\n',
    'command: "true"\nsweep: { __proto__: [1] }\n',
    'command: "true"\nsweep: { a: { __proto__: [1] } }\n',
    'command: "true"\nsweep: { a: [1] }\nexclude: [{ __proto__: 1 }]\n',
    'command: "true"\n__proto__: { env: { A: b } }\n',
  ]) {
    await writeFile(join(directory, 'b.yaml'), text);
    await t.throwsAsync(readBatchFile(join(directory, 'b.yaml')), { message: /__proto__/ }, text);
  }
  for (const text of [
    'hosts: [{ name: a, env: { __proto__: x } }]\n',
    'hosts: [a]\ngroups: { __proto__: [a] }\n',
  ]) {
    await writeFile(join(directory, 'h.yaml'), text);
    await t.throwsAsync(readInventory(join(directory, 'h.yaml')), { message: /__proto__/ }, text);
  }
  const host = { name: 'a', via: { kind: 'local' }, slots: { kind: 'count', count: 1 }, nice: 0, labels: [] };
  t.false(hostSchema.safeParse({ ...host, root: '~/.gjob', init: [], env: record('x') }).success);
});

test('half of a character is refused, and bytes that are not UTF-8 are kept', (t) => {
  for (const half of ['\ud83d', 'x\ude00', '\udc7f', '\udd00'])
    for (const input of [
      { commands: `echo ${half}` },
      { commands: 'true', env: { A: half } },
      { commands: 'true', values: { a: half } },
      { commands: 'true', args: [half] },
      { commands: 'true', files: [half] },
    ])
      t.throws(() => new Builder().addJob(input).makeJobSpecs(), { message: /half of a character/ });
  const [spec] = new Builder().addJob({ commands: 'echo caf\udce9 \u{1f600}' }).makeJobSpecs();
  t.deepEqual(spec?.commands, ['echo caf\udce9 \u{1f600}']);
});

test('a hole in a list is refused', (t) => {
  const holed = <T>(list: T[]): T[] => {
    delete list[1];
    return list;
  };
  for (const build of [
    () => new Builder().addSweep({ a: holed([1, 2, 3]) }, { commands: 'true' }),
    () => new Builder().addSweep({ ab: { a: holed([1, 2]), b: [1, 2] } }, { commands: 'true' }),
    () => new Builder().addJob({ commands: holed(['a', 'b', 'c']) }),
    () => new Builder().addJob({ commands: 'true', args: holed(['a', 'b', 'c']) }),
    () => new Builder().addJob({ commands: 'true', files: holed(['a', 'b', 'c']) }),
  ])
    t.throws(() => build().makeJobSpecs());
});
