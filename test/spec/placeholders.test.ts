import { execFileSync } from 'node:child_process';
import test from 'ava';
import { seededRandom } from '../../src/random.js';
import { Builder } from '../../src/spec/builder.js';
import { fillPlaceholders } from '../../src/spec/placeholders.js';

test('placeholders are filled in commands, files, returns, name and env', (t) => {
  const [spec] = new Builder()
    .addSweep(
      { lr: [0.1], set: ['a b'] },
      {
        commands: ['./train {lr} {set} > {lr}.log'],
        files: ['data/{set}.csv:in.csv', { source: '{set}', target: 'x-{lr}' }],
        returns: ['{lr}.log', 'model-{lr}?'],
        name: 'train {lr} {set}',
        env: { SET: '{set}' },
      },
    )
    .makeJobSpecs();
  t.deepEqual(spec?.commands, ["./train 0.1 'a b' > 0.1.log"]);
  t.deepEqual(spec?.files, [
    { source: 'data/a b.csv', target: 'in.csv' },
    { source: 'a b', target: 'x-0.1' },
  ]);
  t.deepEqual(spec?.returns, [
    { pattern: '0.1.log', optional: false },
    { pattern: 'model-0.1', optional: true },
  ]);
  t.is(spec?.name, 'train 0.1 a b');
  t.deepEqual(spec?.env, { SET: 'a b' });
});

const DOLLAR = '$';
const untouched = [
  `${DOLLAR}{lr}`,
  `${DOLLAR}{lr:-x}`,
  '{a,b}',
  '{1..3}',
  '{ true; }',
  '{}',
  "awk '{print $1}'",
  '$((1+2))',
];

for (const command of untouched) {
  test(`${command} is bash's and stays`, (t) => {
    t.deepEqual(fillPlaceholders({ commands: command }, { lr: 1 }).commands, [command]);
  });
}

test('doubled braces are literal', (t) => {
  t.deepEqual(fillPlaceholders({ commands: '{{lr}} {lr}' }, { lr: 1 }).commands, ['{lr} 1']);
});

test('an unknown placeholder is an error that names it and the known ones', (t) => {
  const builder = new Builder().addSweep(
    { lr: [1, 2], depth: [3] },
    { commands: ['x {lr} {dpth}'], name: '{nam}' },
  );
  const error = t.throws(() => builder.makeJobSpecs(), { code: 'E_PLACEHOLDER' });
  t.regex(
    error?.message ?? '',
    /sweep 1: \{dpth\} is not a parameter of the sweep, which has \{lr\}, \{depth\}/,
  );
  t.regex(error?.message ?? '', /\{nam\} is not a parameter/);
  t.regex(error?.message ?? '', /2 problems/);
});

test('without a sweep braces are taken as they stand', (t) => {
  const [spec] = new Builder().addJob({ commands: ["awk '{print}'"], values: { lr: 1 } }).makeJobSpecs();
  t.deepEqual(spec?.commands, ["awk '{print}'"]);
});

test('values with quotes, newlines and the rest of the shell’s signs arrive unchanged as one word', (t) => {
  const seed = Date.now() % 1e9;
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const signs = [...'\'"\n\t $`\\!*?[]{}()<>|&;#~=%é€😀a-'];
  const words = Array.from({ length: 300 }, () =>
    Array.from({ length: Math.floor(random() * 8) }, () => signs[Math.floor(random() * signs.length)]).join(
      '',
    ),
  );
  const point = Object.fromEntries(words.map((word, at) => [`w${at}`, word]));
  const { commands } = fillPlaceholders({ commands: words.map((_, at) => `printf '%s\\0' {w${at}}`) }, point);
  const printed = execFileSync('bash', ['-s'], { input: [commands].flat().join('\n'), encoding: 'utf8' });
  t.deepEqual(printed.split('\0').slice(0, -1), words);
});
