import { execFileSync } from 'node:child_process';
import test from 'ava';
import { seededRandom } from '../../../src/random.js';
import type { ArgumentRow } from '../../../src/spec/arguments/expand-arguments.js';
import { fillCommand, fillTemplate } from '../../../src/spec/arguments/fill-template.js';

const row = (args: readonly string[], named: ArgumentRow['named'] = {}): ArgumentRow => ({ args, named });

/** What GNU parallel 20221122 prints with --dry-run for the same command and arguments. */
const asParallel: [command: string, args: string[], filled: string][] = [
  ['echo', ['a', '1'], 'echo a 1'],
  ['echo {} x{.} {/} {//} {/.}', ['/d/e/f.tar.gz'], 'echo /d/e/f.tar.gz x/d/e/f.tar f.tar.gz /d/e f.tar'],
  ['echo {} x{.} {/} {//} {/.}', ['a b'], "echo 'a b' x'a b' 'a b' . 'a b'"],
  ['echo {} x{.} {/} {//} {/.}', [''], "echo '' x'' '' . ''"],
  ['echo {} x{.} {/} {//} {/.}', ['/x'], 'echo /x x/x x / x'],
  ['echo {} x{.} {/} {//} {/.}', ['.bashrc'], "echo .bashrc x'' .bashrc . ''"],
  ['echo {} x{.} {/} {//} {/.}', ['dir/'], "echo dir/ xdir/ '' . ''"],
  ['echo {} x{.} {/} {//} {/.}', ['a.d/b'], 'echo a.d/b xa.d/b b a.d b'],
  ['echo {2} {1} {}', ['a', 'b'], 'echo b a a b'],
  ['echo {-1} {1}', ['a', 'b'], 'echo b a'],
  ['echo {3}', ['a', 'b'], 'echo '],
  ['echo {1//} {1/} {1/.} {1.}', ['a/b.c'], 'echo a b.c b a/b'],
  ['echo {#}', ['a'], 'echo 7'],
  ['echo {x} {a,b} {1..3} $(( {1} + 1 ))', ['5'], 'echo {x} {a,b} {1..3} $(( 5 + 1 ))'],
  ['echo ~x {}', ['~x'], "echo ~x '~x'"],
  ['{} -v', ['a=b'], "'a=b' -v"],
  ['', ['ls -l | wc'], 'ls -l | wc'],
];

for (const [command, args, filled] of asParallel) {
  test(`${JSON.stringify(command)} with ${JSON.stringify(args)} is ${filled}`, (t) => {
    t.is(fillCommand(command, row(args), 7), filled);
  });
}

test('the slot is known on the host only', (t) => {
  t.is(fillCommand('run {%} {}', row(['a']), 1), 'run $GPOOL_SLOT a');
  t.throws(() => fillTemplate('out-{%}', row(['a']), 1), {
    code: 'E_PLACEHOLDER',
    message: /known on the host only/,
  });
});

test('braces after a dollar are bash’s', (t) => {
  const dollar = '$';
  t.is(
    fillCommand(`echo ${dollar}{1} ${dollar}{HOME} {1}`, row(['a']), 1),
    `echo ${dollar}{1} ${dollar}{HOME} a`,
  );
});

test('without arguments a command stays as it is', (t) => {
  t.is(fillCommand('find . -exec ls {} \\;', row([]), 1), 'find . -exec ls {} \\;');
  t.is(fillCommand('hostname', row([]), 1), 'hostname');
});

test('columns with names are filled by name', (t) => {
  const named = row(['1', 'd/b.c'], { a: '1', 'my file': 'd/b.c' });
  t.is(fillCommand('run {a} {my file} {my file/.} {2//}', named, 1), 'run 1 d/b.c b d');
  t.is(fillCommand('run {{a}} {a,b}', named, 1), 'run {a} {a,b} 1 d/b.c');
});

test('an unknown name beside named columns is an error that names the known ones', (t) => {
  const error = t.throws(() => fillCommand('run {lr} {dpth}', row(['1', '2'], { lr: '1', depth: '2' }), 1), {
    code: 'E_PLACEHOLDER',
  });
  t.regex(error?.message ?? '', /\{dpth\} is not a column; there are \{lr\}, \{depth\}/);
});

test('Perl expressions of GNU parallel are refused, not passed on', (t) => {
  t.throws(() => fillCommand('echo {= $_++ =}', row(['1']), 1), {
    code: 'E_PLACEHOLDER',
    message: /are not supported/,
  });
});

test('in file names and tags the values are put in as they are', (t) => {
  t.is(fillTemplate('out/{1/.} {2}.csv', row(['a/b.c', "it's"]), 1), "out/b it's.csv");
  t.is(fillTemplate('plain', row(['x']), 1), 'plain');
});

test('any argument arrives unchanged as one word', (t) => {
  const seed = Date.now() % 1e9;
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const signs = [...'\'"\n\t $`\\!*?[]{}()<>|&;#~=%é€😀a-'];
  const args = Array.from({ length: 300 }, () =>
    Array.from({ length: Math.floor(random() * 8) }, () => signs[Math.floor(random() * signs.length)]).join(
      '',
    ),
  );
  const script = fillCommand("printf '%s\\0'", row(args), 1);
  const printed = execFileSync('bash', ['-s'], { input: script, encoding: 'utf8' });
  t.deepEqual(printed.split('\0').slice(0, -1), args);
});
