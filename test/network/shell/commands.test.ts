import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import {
  checkLocalCommand,
  checkRemoteCommands,
  copyLocalFilesToRemoteHost,
  writeRemoteFile,
} from '../../../src/network/shell/commands.js';
import { createLocalShell } from '../../../src/network/shell/local-shell.js';
import { tempDir } from '../../helpers/temp-dir.js';

const HOSTILE_NAMES = [
  'a b',
  "it's",
  '"q"',
  'new\nline',
  '-dash',
  '$HOME',
  '`id`',
  '*',
  'ünïcode',
  '\\back',
  '~',
];

test.serial('a local command with a warning on stderr and code 0 succeeds', async (t) => {
  const { stdout, stderr } = await checkLocalCommand(['bash', '-c', 'echo out; echo warning >&2']);
  t.is(stdout.toString(), 'out\n');
  t.is(stderr.toString(), 'warning\n');
});

test.serial('a local command with code 3 and a silent stderr fails', async (t) => {
  await t.throwsAsync(checkLocalCommand(['bash', '-c', 'exit 3']), {
    code: 'E_COMMAND',
    message: /exited with code 3/,
  });
});

test.serial('a program that does not exist fails with its name', async (t) => {
  await t.throwsAsync(checkLocalCommand(['/no/such/program']), {
    code: 'E_COMMAND',
    message: /no\/such\/program/,
  });
});

test.serial('remote commands succeed by exit code, whatever stderr says', async (t) => {
  const shell = createLocalShell();
  const { stdout } = await checkRemoteCommands(shell, ['x=1', 'echo "warning" >&2', 'echo $x']);
  t.is(stdout.toString(), '1\n');
  await t.throwsAsync(checkRemoteCommands(shell, ['echo bad luck >&2', 'exit 3']), {
    message: /code 3: bad luck/,
  });
});

test.serial('10 MB on both streams do not hang', async (t) => {
  const script = 'head -c 10000000 /dev/zero >&2 & head -c 10000000 /dev/zero; wait';
  const local = await checkLocalCommand(['bash', '-c', script]);
  t.deepEqual([local.stdout.length, local.stderr.length], [10_000_000, 10_000_000]);
  const { stdout } = await checkRemoteCommands(createLocalShell(), [script]);
  t.is(stdout.length, 10_000_000);
});

test.serial('a remote file is written whole, with its mode, under any name', async (t) => {
  const home = await tempDir(t);
  const shell = createLocalShell({ home });
  for (const name of HOSTILE_NAMES) {
    await writeRemoteFile(shell, join(home, name), `contents of ${name}`, { mode: 0o640 });
    t.is(await readFile(join(home, name), 'utf8'), `contents of ${name}`);
    t.is((await stat(join(home, name))).mode & 0o777, 0o640);
  }
  t.deepEqual((await readdir(home)).sort(), [...HOSTILE_NAMES].sort());
});

test.serial('a reader of a file that is written again and again sees only whole versions', async (t) => {
  const home = await tempDir(t);
  const shell = createLocalShell({ home });
  const path = join(home, 'state');
  const versions = ['a', 'b', 'c'].map((char) => char.repeat(200_000));
  await writeRemoteFile(shell, path, versions[0] ?? '');
  let writing = true;
  const seen = (async () => {
    const parts: string[] = [];
    while (writing) parts.push(await readFile(path, 'utf8'));
    return parts;
  })();
  for (const version of versions) await writeRemoteFile(shell, path, version);
  writing = false;
  t.true((await seen).every((text) => versions.includes(text)));
});

test.serial('a file that cannot be written leaves the old one and nothing beside it', async (t) => {
  const home = await tempDir(t);
  const shell = createLocalShell({ home });
  await t.throwsAsync(writeRemoteFile(shell, join(home, 'no/such/directory'), 'x'), { code: 'E_COMMAND' });
  t.deepEqual(await readdir(home), []);
});

test.serial('local files are copied with their bits, all names unchanged', async (t) => {
  const [source, home] = [await tempDir(t), await tempDir(t)];
  const paths = await Promise.all(
    HOSTILE_NAMES.map(async (name) => {
      await writeFile(join(source, name), name);
      await chmod(join(source, name), 0o750);
      return join(source, name);
    }),
  );
  await copyLocalFilesToRemoteHost(createLocalShell({ home }), 'in/put', paths);
  t.deepEqual((await readdir(join(home, 'in/put'))).sort(), [...HOSTILE_NAMES].sort());
  for (const name of HOSTILE_NAMES) {
    t.is(await readFile(join(home, 'in/put', name), 'utf8'), name);
    t.is((await stat(join(home, 'in/put', name))).mode & 0o777, 0o750);
  }
});

test.serial('every local file that is missing is named before anything is copied', async (t) => {
  const [source, home] = [await tempDir(t), await tempDir(t)];
  await writeFile(join(source, 'here'), '');
  await symlink('nowhere', join(source, 'dangling'));
  const files = [
    join(source, 'here'),
    join(source, 'gone-1'),
    join(source, 'dangling'),
    join(source, 'gone-2'),
  ];
  const error = await t.throwsAsync(copyLocalFilesToRemoteHost(createLocalShell({ home }), 'in', files), {
    code: 'E_INPUT_MISSING',
  });
  t.regex(error.message, /gone-1.*dangling.*gone-2/);
  t.deepEqual(await readdir(home), []);
});

test.serial('two local files of one name are refused', async (t) => {
  const [one, two, home] = [await tempDir(t), await tempDir(t), await tempDir(t)];
  await writeFile(join(one, 'data'), '1');
  await writeFile(join(two, 'data'), '2');
  const copy = copyLocalFilesToRemoteHost(createLocalShell({ home }), 'in', [
    join(one, 'data'),
    join(two, 'data'),
  ]);
  await t.throwsAsync(copy, { message: /same name/ });
});

test.serial('no files at all is no work', async (t) => {
  const home = await tempDir(t);
  await copyLocalFilesToRemoteHost(createLocalShell({ home }), 'in', []);
  t.deepEqual(await readdir(home), []);
});
