import { createHash } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { HostError } from '../../../src/errors.js';
import { type Helper, installHelper } from '../../../src/network/direct/helper-install.js';
import { packagedHelper } from '../../../src/network/direct/packaged-helper.js';
import { createLocalShell } from '../../../src/network/shell/local-shell.js';
import { tempDir } from '../../helpers/temp-dir.js';

async function openShell(t: ExecutionContext) {
  const shell = createLocalShell();
  await shell.open();
  t.teardown(() => shell.close());
  return shell;
}

async function makeHelper(directory: string, script: string): Promise<Helper> {
  const path = join(directory, 'helper');
  // The real one is read by a shell, which then calls this.
  const text = `main() { ${script}; }`;
  await writeFile(path, text);
  return { path, sha256: createHash('sha256').update(text).digest('hex') };
}

test.serial(
  'the number of cores is told while the probe still looks for the rest, once the helper is in place',
  async (t) => {
    const directory = await tempDir(t);
    const root = join(directory, 'root');
    const script = `printf 'cores\\t3\\n'; until [[ -e $2/go ]]; do sleep 0.1; done; printf 'tar\\tyes\\ncores\\t9\\n'`;
    const helper = await makeHelper(directory, script);
    const told: unknown[] = [];
    const installed = await installHelper(await openShell(t), helper, { root }, (place, cores) => {
      told.push([place, cores]);
      // Without it the probe does not end.
      void writeFile(join(root, 'go'), '');
    });
    const file = join(root, 'bin', `gjob-${helper.sha256}`);
    t.deepEqual(told, [[{ root, file }, 3]]);
    t.deepEqual(installed, { root, file, probe: 'cores\t3\ntar\tyes\ncores\t9\n' });
  },
);

test.serial('a probe that fails after it has told the cores fails the host', async (t) => {
  const directory = await tempDir(t);
  const helper = await makeHelper(directory, `printf 'cores\\t3\\n'; echo no clock >&2; exit 3`);
  const error = await t.throwsAsync(
    installHelper(await openShell(t), helper, { root: join(directory, 'root') }, () => {}),
    { instanceOf: HostError, code: 'E_ROOT' },
  );
  t.is(error.what, 'no clock');
});

for (const part of ['.', 'bin', 'cache']) {
  test.serial(`a root whose ${part} others can write to is refused, naming it`, async (t) => {
    const root = join(await tempDir(t), 'root');
    for (const each of ['bin', 'cache']) await mkdir(join(root, each), { recursive: true });
    await chmod(join(root, part), 0o722);
    const error = await t.throwsAsync(
      installHelper(await openShell(t), packagedHelper(), { root }, () => {}),
      { instanceOf: HostError, code: 'E_ROOT' },
    );
    t.is(error.what, `${join(root, part)} can be written by others`);
  });
}
