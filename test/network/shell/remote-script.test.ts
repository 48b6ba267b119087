import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { composeScript, greetingError, SCRIPT_SHELL } from '../../../src/network/shell/remote-script.js';
import { seededRandom } from '../../../src/random.js';

/** Feeds a composed script to bash, through the filter, as a Shell does. */
async function play(
  script: string,
  args: readonly string[] = [],
  { noise = '', path = process.env.PATH ?? '' } = {},
) {
  const { text, filter } = composeScript(script, args);
  const [program, ...words] = SCRIPT_SHELL;
  const child = spawn(program, words, { env: { PATH: path } });
  const own: Buffer[] = [filter.push(Buffer.from(noise))];
  child.stdout.on('data', (chunk: Buffer) => own.push(filter.push(chunk)));
  child.stdin.on('error', () => {}); // where there is no bash
  child.stdin.end(text);
  const [code] = (await once(child, 'close')) as [number];
  return { code, output: Buffer.concat(own), filter };
}

test('a script runs under bash and its exit code comes back', async (t) => {
  const { code, output } = await play('[[ $BASH_VERSION ]] && echo bash; exit 7');
  t.is(code, 7);
  t.is(output.toString(), 'bash\n');
});

test('arguments of any bytes arrive unchanged', async (t) => {
  const seed = Date.now();
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const randomText = () =>
    Array.from({ length: 40 }, () => String.fromCharCode(1 + Math.floor(random() * 126))).join('');
  const args = ['', '-n', "it's", 'a\nb', '$HOME `id` \\', ...Array.from({ length: 50 }, randomText)];
  const { output } = await play('printf "%s\\0" "$@"', args);
  t.deepEqual(output.toString('latin1').split('\0').slice(0, -1), args);
});

test('what the login shell prints before the sentinel is dropped, even when it has no newline or shows the script', async (t) => {
  const { text } = composeScript('echo hidden');
  for (const noise of ['Welcome', 'motd\n', 'gpool-', text, 'x'.repeat(200_000)]) {
    const { output } = await play('echo mine', [], { noise });
    t.is(output.toString(), 'mine\n');
  }
});

test('the sentinel is found however the chunks are cut', (t) => {
  const { filter: whole } = composeScript('', [], 'gpool-0123456789');
  t.is(whole.push(Buffer.from('noisegpool-0123456789 ok\nabc')).toString(), 'abc');
  const { filter } = composeScript('', [], 'gpool-0123456789');
  const own = [...'noisegpool-0123456789 ok\nabc'].map((char) => filter.push(Buffer.from(char)).toString());
  t.is(own.join(''), 'abc');
});

test('a host without bash is named as such', async (t) => {
  const { filter, code } = await play('echo never', [], { path: '/nonexistent' });
  t.is(greetingError(filter, 'lab01', { code })?.code, 'E_NO_BASH');
});

test('an old bash is named with its version', (t) => {
  const { filter } = composeScript('', [], 'gpool-0123456789');
  filter.push(Buffer.from('gpool-0123456789 old-bash 3.2.57(1)-release\n'));
  const error = greetingError(filter, 'lab01');
  t.is(error?.code, 'E_OLD_BASH');
  t.regex(error?.message ?? '', /3\.2\.57/);
});

test('a login shell that runs nothing is quoted in the error', (t) => {
  const { filter } = composeScript('');
  filter.push(Buffer.from('This account is currently not available.\n'));
  const error = greetingError(filter, 'me@lab01');
  t.is(error?.code, 'E_LOGIN_SHELL');
  t.regex(error?.message ?? '', /currently not available/);
});

test('a script too long for one argument is refused before it is sent', (t) => {
  t.throws(() => composeScript('x'.repeat(200_000)), { message: /longer than 100 kB/ });
});
