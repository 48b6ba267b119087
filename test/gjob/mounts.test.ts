import { execFile } from 'node:child_process';
import { access, chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { tempDir } from '../helpers/temp-dir.js';
import { sshdTest } from '../helpers/tiers.js';
import { waitFor } from '../helpers/wait-for.js';
import { type BridgeClient, GjobHost, run } from './bridge-client.js';

const call = promisify(execFile);

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

interface Case {
  readonly title: string;
  /** Run as the job, with the data's directory in DATA. */
  readonly script: string;
  /** What is mounted then, below the working directory. */
  readonly point: string;
}

const CASES: readonly Case[] = [
  { title: 'a bind mount of the same disk', script: 'mkdir m; mount --bind "$DATA" m', point: 'm' },
  {
    title: 'a bind mount deep inside, below a directory that is shut',
    script: 'mkdir -p a/b/m; mount --bind "$DATA" a/b/m; touch a/x a/b/x; chmod 500 a/b a',
    point: 'a/b/m',
  },
  { title: 'bindfs', script: 'mkdir m; bindfs "$DATA" m', point: 'm' },
  {
    title: 'an overlay',
    script: 'mkdir m; mount -t overlay overlay -o "lowerdir=$DATA,upperdir=$DATA.up,workdir=$DATA.work" m',
    point: 'm',
  },
  { title: 'a file that is bound', script: ': >m; mount --bind "$DATA/precious" m', point: 'm' },
  { title: 'a mount on the working directory itself', script: 'mount --bind "$DATA" "$PWD"', point: '.' },
  {
    title: 'a name with blanks, backslashes, digits and a newline',
    script: String.raw`n=$' a\\0401 \\b\n*'; mkdir "$n"; mount --bind "$DATA" "$n"`,
    point: ' a\\0401 \\b\n*',
  },
];

async function startHost(t: ExecutionContext) {
  const host = await GjobHost.create(t);
  // Overlays want an upper layer that is none.
  const data = join(await tempDir(t), 'data');
  for (const end of ['', '.up', '.work']) await mkdir(data + end);
  await writeFile(join(data, 'precious'), 'years of work');
  return { host, data };
}

async function clear(bridge: BridgeClient, ...attempts: string[]) {
  await bridge.ask(`clear\t${attempts.join('\t')}`);
}

for (const { title, script, point } of CASES) {
  sshdTest(
    `what a job leaves mounted is not touched, is named, and goes with gc later: ${title}`,
    async (t) => {
      const { host, data } = await startHost(t);
      const bridge = host.bridge();
      t.teardown(() => call('umount', ['-l', join(host.work('1.1'), point)]).catch(() => {}));
      await bridge.ask(run('1.1', script, { env: { DATA: data } }), run('2.1', 'echo x > left'));
      t.is((await bridge.event('X', '1.1'))[3], 'code');
      t.is(bridge.find('X', '1.1')[0]?.[4], '0', (await host.read('1.1', 'err')) ?? '');
      await bridge.event('X', '2.1');
      await clear(bridge, '1.1', '2.1');
      const [, , word, text = ''] = await bridge.event('W', '1.1');
      t.is(word, 'kept');
      t.true(text.endsWith(': something is mounted there'), text);
      await waitFor(async () => !(await isThere(host.work('2.1'))), {
        what: 'the end of the other directory',
      });
      t.deepEqual(bridge.find('W', '2.1'), []);
      t.is(await host.read('1.1', 'log'), null);

      const refused = await host.ask('forget');
      t.is(refused.code, 1);
      t.regex(refused.stderr, /kept .*something is mounted there/);
      const kept = await host.call(['gc', host.root, 'all', 'force']);
      t.regex(String(kept.stdout), /batch\tkept\thost-1\/batch-1\t.*something is mounted there/);
      t.is(await readFile(join(data, 'precious'), 'utf8'), 'years of work');

      await call('umount', [join(host.work('1.1'), point)]);
      const gone = await host.call(['gc', host.root, 'all', 'force']);
      t.regex(String(gone.stdout), /batch\tremoved/);
      t.false(await isThere(host.root));
      await mkdir(host.root);
      t.deepEqual(await readdir(data), ['precious']);
    },
  );
}

sshdTest('a mount that appears after the look is left alone by the removal itself', async (t) => {
  const { host, data } = await startHost(t);
  const work = join(host.root, 'work/1.1');
  await mkdir(join(work, 'm'), { recursive: true });
  await call('bindfs', [data, join(work, 'm')]);
  t.teardown(() => call('umount', ['-l', join(work, 'm')]));
  // As if the list had been read just before.
  const script = `source ${JSON.stringify(join(process.cwd(), 'bin/gjob'))}; list_mounts() { :; }; cd "$1"; remove work/1.1`;
  const { code } = await host.call(['version']).then(() =>
    call('bash', ['-c', script, 'bash', host.root]).then(
      () => ({ code: 0 }),
      () => ({ code: 1 }),
    ),
  );
  t.is(code, 1);
  t.is(await readFile(join(data, 'precious'), 'utf8'), 'years of work');
});

test.serial('links are removed, and never what they lead to', async (t) => {
  const { host, data } = await startHost(t);
  const bridge = host.bridge();
  await chmod(data, 0o500);
  const script =
    'ln -s "$DATA" l; mkdir d; ln -s "$DATA" d/l; touch d/x; chmod 0 d; rm -rf ../2.1; ln -s "$DATA" ../2.1';
  await bridge.ask(run('2.1', ':'), run('1.1', script, { env: { DATA: data } }));
  await bridge.event('X', '1.1');
  await clear(bridge, '1.1', '2.1');
  await waitFor(async () => !(await isThere(host.work('1.1'))) && !(await isThere(host.work('2.1'))), {
    what: 'the end of the directories',
  });
  t.is((await call('stat', ['-c', '%a', data])).stdout, '500\n');
  t.is(await readFile(join(data, 'precious'), 'utf8'), 'years of work');
  await chmod(data, 0o700);
});

test.serial('a helper of an older machine, whose rm has no such options, removes all the same', async (t) => {
  const { host } = await startHost(t);
  const bin = join(host.root, 'old-bin');
  await mkdir(bin);
  await symlink('/bin/true', join(bin, 'unused'));
  await writeFile(
    join(bin, 'rm'),
    '#!/bin/bash\nfor w; do case $w in --preserve*|--one-file*) echo "rm: unrecognized option: $w" >&2; exit 1;; esac; done\nexec /bin/rm "$@"\n',
  );
  await chmod(join(bin, 'rm'), 0o755);
  const work = join(host.root, 'work/1.1');
  await mkdir(join(work, 'd'), { recursive: true });
  const script = `source ${JSON.stringify(join(process.cwd(), 'bin/gjob'))}; cd "$1"; remove work/1.1`;
  await call('bash', ['-c', script, 'bash', host.root], {
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
  });
  t.false(await isThere(work));
});
