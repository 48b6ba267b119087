import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

test.serial('a person on the host cannot delete what was not fetched by mistake', async (t) => {
  const cwd = await tempDir(t);
  const run = await runGpool(
    ['run', '--detach', '-S', ':', '--out', 'b', '--', 'echo hello; : {}', ':::', '1', '2'],
    { cwd },
  );
  t.is(run.code, 0, run.stderr);
  const bin = join(cwd, '.gjob/bin');
  const [helper = ''] = await readdir(bin);
  const gjob = (...words: string[]) =>
    promisify(execFile)('bash', [join(bin, helper), ...words], { env: { ...process.env, HOME: cwd } }).then(
      ({ stdout }) => ({ code: 0, text: stdout }),
      ({ code, stderr }) => ({ code, text: String(stderr) }),
    );
  await waitFor(async () => (await gjob('list')).text.match(/\tdone\t/g)?.length === 2, { what: 'the ends' });
  const refused = await gjob('delete', '1.1');
  t.is(refused.code, 1);
  t.regex(refused.text, /may not have fetched what 1\.1 left.*delete --force/);
  t.is((await runGpool(['resume', 'b'], { cwd })).code, 0);
  t.is(await readFile(join(cwd, 'b/jobs/1/1/stdout'), 'utf8'), 'hello\n');
});

test.serial('a YAML text that grows without bound is refused as such', async (t) => {
  const cwd = await tempDir(t);
  const names = [...'abcdefghi'];
  const lines = names.map((name, at) => {
    const before = at === 0 ? 'x' : `*${names[at - 1]}`;
    return `${name}: &${name} [${Array(9).fill(before).join(', ')}]`;
  });
  await writeFile(join(cwd, 'bomb.yaml'), `${lines.join('\n')}\njobs:\n  - command: *i\n`);
  const run = await runGpool(['run', 'bomb.yaml'], { cwd });
  t.is(run.code, 3, run.stderr);
  t.regex(run.stderr, /bomb\.yaml.*aliases.*E_BATCH_FILE/s);
  t.notRegex(run.stderr, /fault of gpool/);
});
