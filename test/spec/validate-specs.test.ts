import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Builder } from '../../src/spec/builder.js';
import { SpecErrors } from '../../src/spec/problems.js';
import { validateSpecs } from '../../src/spec/validate-specs.js';
import { tempDir } from '../helpers/temp-dir.js';

test('files and directories that are there are accepted, relative to the directory given', async (t) => {
  const cwd = await tempDir(t);
  await mkdir(join(cwd, 'tree'));
  await writeFile(join(cwd, 'data.csv'), '');
  const specs = new Builder()
    .addJob({ commands: 'x', files: ['data.csv', 'tree/', `${cwd}/data.csv:abs`] })
    .makeJobSpecs();
  t.is(await validateSpecs(specs, { cwd }), specs);
});

test('every missing or unreadable file of every job is told at once, with the jobs that need it', async (t) => {
  const cwd = await tempDir(t);
  await writeFile(join(cwd, 'there'), '');
  await symlink('loop', join(cwd, 'loop'));
  const specs = new Builder()
    .addFiles(['common'])
    .addJob({ commands: 'x', files: ['there', 'loop', 'there/below:below'], name: 'a' })
    .addJob({ commands: 'x', files: ['gone'], name: 'b', repeat: 9 })
    .makeJobSpecs();
  const error = await t.throwsAsync(validateSpecs(specs, { cwd }), { instanceOf: SpecErrors });
  t.deepEqual(
    error?.problems.map(({ code, where, what }) => [code, where, what]),
    [
      ['E_INPUT_MISSING', 'common', 'there is no such file; needed by every job'],
      ['E_INPUT_DENIED', 'loop', 'the file cannot be read (ELOOP); needed by a'],
      ['E_INPUT_MISSING', 'there/below', 'there is no such file; needed by a'],
      ['E_INPUT_MISSING', 'gone', 'there is no such file; needed by b#1, b#2, b#3 and 6 more'],
    ],
  );
});

test('one missing file is one plain error', async (t) => {
  const specs = new Builder().addJob({ commands: 'x', files: ['gone'], name: 'a' }).makeJobSpecs();
  await t.throwsAsync(validateSpecs(specs, { cwd: await tempDir(t) }), {
    code: 'E_INPUT_MISSING',
    message:
      'gone: there is no such file; needed by a (E_INPUT_MISSING). Check the path; it is relative to the directory you run in.',
  });
});
