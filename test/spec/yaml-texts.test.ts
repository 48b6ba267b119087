import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readBatchFile } from '../../src/spec/batch-file.js';
import { parseHostsYaml } from '../../src/spec/inventory/hosts-yaml.js';
import { tempDir } from '../helpers/temp-dir.js';

async function read(t: ExecutionContext, text: string) {
  const path = join(await tempDir(t), 'b.yaml');
  await writeFile(path, text);
  return readBatchFile(path);
}

const KEPT = [
  '007',
  '0012345',
  '3.10',
  '1.10',
  '1147053346671102335',
  '1234e56',
  '0e12345',
  '0x1F',
  '1.0',
  '+5',
  'True',
  '.5',
];

for (const text of KEPT) {
  test(`${text} stays ${text} in a sweep, in env and in an inventory`, async (t) => {
    const { specs } = await read(t, `command: echo {a}\nsweep: {a: [${text}]}\nenv: {E: ${text}}\n`);
    t.deepEqual(specs[0]?.commands, [`echo ${text}`]);
    t.is(String(specs[0]?.values.a), text);
    t.is(specs[0]?.env.E, text);
    t.is(parseHostsYaml(`hosts: [lab01]\ndefaults: {env: {E: ${text}}}\n`, 'h').hosts[0]?.env.E, text);
  });
}

test('a value that YAML writes as it stands keeps its kind, so that older batches see no change', async (t) => {
  const { specs } = await read(t, 'command: echo {a}\nsweep: {a: [0.1, 3, true, x, "3.10"]}\n');
  t.deepEqual(
    specs.map(({ values }) => values.a),
    [0.1, 3, true, 'x', '3.10'],
  );
});

test('under YAML 1.1 values are the text, too', async (t) => {
  const { specs } = await read(
    t,
    '%YAML 1.1\n---\ncommand: echo {a}\nsweep: {a: [yes, 010, 12:30, 2024-01-01]}\n',
  );
  t.deepEqual(
    specs.map(({ values }) => values.a),
    ['yes', '010', '12:30', '2024-01-01'],
  );
});

test('an excluded value is compared by its text, and one that no point has is told', async (t) => {
  const sweep = 'command: echo {py}\nsweep: {py: ["3.9", "3.10"]}\n';
  const { specs } = await read(t, `${sweep}exclude: [{py: 3.10}]\n`);
  t.deepEqual(
    specs.map(({ values }) => values.py),
    ['3.9'],
  );
  await t.throwsAsync(read(t, `${sweep}exclude: [{py: 3.1}]\n`), {
    message: /b\.yaml:3.*py has no value 3\.1/,
  });
});

const REFUSED: readonly (readonly [text: string, told: RegExp])[] = [
  ['command: ! grep -q ERROR log', /b\.yaml:1:10: ! is a tag.*quotes/],
  ['command: !env HOME', /b\.yaml:1:10: !env is a tag/],
  ['commands:\n  - ls\n  - !x [a]', /b\.yaml:3:5: !x is a tag/],
  ['command: plot --color #ff0000', /b\.yaml:1:22: "#ff0000" is a comment/],
  ['commands: [a]\nenv:\n  C: red #00f', /b\.yaml:3:9: "#00f" is a comment/],
  [
    'command: ./t {lr}\nsweep: {lr: {values: [0.1]}}',
    /lr: \{ values: … \} would be a parameter called values/,
  ],
  ['command: ./t {{ lr }}\nsweep: {lr: [0.1]}', /\{\{ lr \}\} is a placeholder of another program/],
  ['command: ./t %(lr)s\nsweep: {lr: [0.1]}', /%\(lr\)s is a placeholder/],
  ['command: "./t {lr:.2f}"\nsweep: {lr: [0.1]}', /\{lr:\.2f\} is a placeholder/],
];

for (const [text, told] of REFUSED) {
  test(`${JSON.stringify(text)} is refused with its place and a way out`, async (t) => {
    await t.throwsAsync(read(t, `${text}\n`), { message: told });
  });
}

test('what only looks like it is taken as it stands', async (t) => {
  const { specs } = await read(
    t,
    "command: ./sim {lr} # a comment\nsweep: {lr: [1], d: {train: [a], values: [b]}}\nenv: {A: 'x #y', B: !!str 5}\n",
  );
  t.deepEqual(specs[0]?.commands, ['./sim 1']);
  t.deepEqual(specs[0]?.env, { A: 'x #y', B: '5' });
  t.is((await read(t, "command: awk '{{ print }}' {a} {{a}}\nsweep: {a: [1]}\n")).specs.length, 1);
});
