import { createHash } from 'node:crypto';
import { chmod, link, mkdir, readdir, readFile, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { waitFor } from '../helpers/wait-for.js';
import { GJOB, GjobHost, run } from './bridge-client.js';

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');

const mode = async (path: string) => (await stat(path)).mode & 0o777;

const text = (answer: { stdout: Buffer }) => answer.stdout.toString('latin1');

async function admitted(host: GjobHost, ...contents: (string | Buffer)[]): Promise<string[]> {
  await mkdir(join(host.root, 'cache'), { recursive: true });
  const lines: string[] = [];
  for (const [i, content] of contents.entries()) {
    await writeFile(join(host.root, 'cache', `.part-p-${i}`), content);
    lines.push(`${i}\t${sha256(content)}\t${content.length}\n`);
  }
  await host.call(['admit', host.root, 'p'], lines.join(''));
  return contents.map(sha256);
}

test.serial('probe names what the host has and makes the root', async (t) => {
  const host = await GjobHost.create(t);
  const root = join(host.root, 'deep', 'root');
  const answer = await host.call(['probe', root]);
  const facts = new Map(
    text(answer)
      .split('\n')
      .map((line) => line.split('\t') as [string, string]),
  );
  t.is(answer.code, 0, answer.stderr);
  for (const name of [
    'cores',
    'memory_kb',
    'memory_free_kb',
    'now_ms',
    'disk_free_kb',
    'inodes_free',
    'users',
    'gpus',
  ]) {
    t.regex(facts.get(name) ?? '', /^\d+$/, name);
  }
  for (const name of ['tar', 'sha256', 'setsid', 'killuserprocesses'])
    t.regex(facts.get(name) ?? '', /^(yes|no)$/, name);
  t.regex(facts.get('bash') ?? '', /^\d+\.\d+/);
  t.is(await mode(root), 0o700);
  await writeFile(join(host.root, 'file'), '');
  const refused = await host.call(['probe', join(host.root, 'file', 'root')]);
  t.is(refused.code, 3);
  t.regex(refused.stderr, /cannot make/);
});

test.serial('fetch gives any part of any output, byte for byte', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(
    run('1.1', 'printf "a\\0b\\377\\n\\n"'),
    run('2.1', 'printf "no newline"; seq 40000 >&2'),
    run('3.1', 'true'),
  );
  await waitFor(() => bridge.find('X').length === 3);
  const numbers = Array.from({ length: 40000 }, (_, i) => `${i + 1}\n`).join('');
  const want = [
    '1.1\tlog\t0\t99',
    '2.1\tlog\t3\t4',
    '2.1\terr\t0\t999999',
    '3.1\tlog\t0\t9',
    '9.1\tlog\t0\t9',
    '2.1\tlog\t0\t0',
  ];
  const answer = text(await host.ask('fetch', `${want.join('\n')}\n`));
  const size = numbers.length;
  const headers = [
    '1.1\tlog\t6\t6',
    '2.1\tlog\t10\t4',
    `2.1\terr\t${size}\t${size}`,
    '3.1\tlog\t-1\t0',
    '9.1\tlog\t-1\t0',
    '2.1\tlog\t10\t0',
  ];
  t.is(answer, `${headers.join('\n')}\n\na\0b\xff\n\nnewl${numbers}`);
});

test.serial('admit takes only what has the promised size and digest', async (t) => {
  const host = await GjobHost.create(t);
  const content = Buffer.from('some\0bytes');
  const sum = sha256(content);
  await mkdir(join(host.root, 'cache'));
  for (const name of ['a', 'b', 'c']) await writeFile(join(host.root, 'cache', `.part-p-${name}`), content);
  const lines = [`a\t${sum}\t10`, `b\t${sum}\t11`, `c\t${'0'.repeat(64)}\t10`, `d\t${sum}\t10`];
  const answer = await host.call(['admit', host.root, 'p'], `${lines.join('\n')}\n`);
  t.is(text(answer), `ok\t${sum}\nbad\t${sum}\tsize\nbad\t${'0'.repeat(64)}\tdigest\nbad\t${sum}\tmissing\n`);
  t.is(await mode(join(host.root, 'cache', sum)), 0o400);
  const others = [`tree-${sum}`, '1'.repeat(64)];
  t.is(
    text(await host.call(['missing', host.root], `${[sum, ...others].join('\n')}\n`)),
    `${others.join('\n')}\n`,
  );
});

test.serial(
  'a planted tree comes into the working directory, and a job cannot spoil the cache',
  async (t) => {
    const host = await GjobHost.create(t);
    const [data, script] = await admitted(host, 'data', '#!/bin/sh\necho run\n');
    const layout = [
      'd\t755\tempty',
      `f\t444\t${data}\tread\\tonly`,
      `f\t755\t${script}\ttools/-go`,
      'l\t../tools/-go\ttools/link',
    ]
      .map((line) => `${line}\n`)
      .join('');
    const sum = sha256(layout);
    const planted = text(
      await host.call(
        ['plant', host.root],
        `${layout}plant\t${sum}\nf\t644\t${'0'.repeat(64)}\tx\nplant\t${sha256(`f\t644\t${'0'.repeat(64)}\tx\n`)}\n`,
      ),
    );
    t.regex(planted, new RegExp(`^ok\t${sum}\nbad\t[0-9a-f]{64}\tmissing\n$`));
    const bridge = host.bridge();
    const spoil =
      'ls -A; stat -c %a "read\tonly" tools/-go empty; readlink tools/link; tools/-go; echo spoilt > tools/-go';
    await bridge.ask(run('1.1', spoil, { tree: sum }), run('2.1', 'tools/-go', { tree: sum }));
    await waitFor(() => bridge.find('X').length === 2);
    t.is(await host.read('1.1', 'log'), 'empty\nread\tonly\ntools\n444\n755\n755\n../tools/-go\nrun\n');
    t.is(await mode(join(host.work('1.1'), 'tools', '-go')), 0o755);
    t.is(await readFile(join(host.root, 'cache', script ?? ''), 'utf8'), '#!/bin/sh\necho run\n');
    const again = host.bridge();
    await again.ask(run('3.1', 'tools/-go', { tree: sum }));
    await again.event('X', '3.1');
    t.is(await host.read('3.1', 'log'), 'run\n');
  },
);

test.serial(
  'a tree that was damaged after it was looked for gives no job wrong inputs, and goes from the cache',
  async (t) => {
    const host = await GjobHost.create(t);
    const [small = ''] = await admitted(host, 'small');
    const layout = `f\t644\t${small}\ta\nf\t644\t${small}\tb\n`;
    const sum = sha256(layout);
    t.is(text(await host.call(['plant', host.root], `${layout}plant\t${sum}\n`)), `ok\t${sum}\n`);
    const tree = `tree-${sum}`;
    await unlink(join(host.root, 'cache', tree, 'copy/b'));
    const bridge = host.bridge();
    await bridge.ask(run('1.1', 'cat a b', { tree: sum }));
    t.is((await bridge.event('E', '1.1'))[2], 'tree');
    t.false((await readdir(join(host.root, 'cache'))).includes(tree));
  },
);

test.serial(
  'trees share one copy of a large content, of each mode one, and their jobs share none',
  async (t) => {
    const host = await GjobHost.create(t);
    const [data = '', small = ''] = await admitted(host, 'data', 'small');
    const cache = (...names: string[]) => join(host.root, 'cache', ...names);
    const layouts = [
      `f\t644\t${data}\ta\nf\t644\t${data}\tb\nf\t644\t${small}\tsmall\n`,
      `f\t644\t${data}\ta\n`,
      `f\t400\t${data}\ta\nf\t755\t${data}\tb\n`,
    ];
    const [first = '', second = '', other = ''] = layouts.map(sha256);
    const plants = layouts.map((layout) => `${layout}plant\t${sha256(layout)}\n`).join('');
    const planted = text(await host.call(['plant', host.root], `large\t${data}\n${plants}`));
    t.is(planted, `ok\t${first}\nok\t${second}\nok\t${other}\n`);
    const inode = async (...names: string[]) => (await stat(cache(...names))).ino;
    for (const path of ['copy/a', 'copy/b']) t.is(await inode(`tree-${first}`, path), await inode(data));
    t.is(await inode(`tree-${second}`, 'copy/a'), await inode(data));
    t.not(await inode(`tree-${first}`, 'copy/small'), await inode(small));
    const modes = [`tree-${second}/copy/a`, `tree-${other}/copy/a`, `tree-${other}/copy/b`].map((name) =>
      mode(cache(name)),
    );
    t.deepEqual(await Promise.all(modes), [0o644, 0o600, 0o755]);
    const bridge = host.bridge();
    const tree = first;
    const spoil = 'echo spoilt > a; cat b; chmod 700 b; echo spoilt > b';
    await bridge.ask(run('1.1', spoil, { tree }), run('2.1', 'cat a b small', { tree }));
    await waitFor(() => bridge.find('X').length === 2);
    t.is(await host.read('1.1', 'log'), 'data');
    t.is(await host.read('2.1', 'log'), 'datadatasmall');
    t.is(await readFile(cache(data), 'utf8'), 'data');
    t.is(await mode(cache(data)), 0o644);
  },
);

test.serial('a content whose first mode was not noted to the end is copied', async (t) => {
  const host = await GjobHost.create(t);
  const [data = ''] = await admitted(host, 'data');
  await link(join(host.root, 'cache', data), join(host.root, 'cache', `${data}.0`));
  const layout = `f\t640\t${data}\ta\n`;
  const sum = sha256(layout);
  const answer = await host.call(['plant', host.root], `large\t${data}\n${layout}plant\t${sum}\n`);
  t.is(text(answer), `ok\t${sum}\n`);
  t.is(await mode(join(host.root, 'cache', `tree-${sum}`, 'copy', 'a')), 0o640);
  t.is(await mode(join(host.root, 'cache', data)), 0o400);
});

test.serial("plant refuses a path that leads out and a digest that is not its layout's", async (t) => {
  const host = await GjobHost.create(t);
  const [data] = await admitted(host, 'data');
  for (const path of ['../x', '/tmp/x', 'a/../../x', '', 'a//b', './a']) {
    const layout = `f\t644\t${data}\t${path}\n`;
    t.regex(
      text(await host.call(['plant', host.root], `${layout}plant\t${sha256(layout)}\n`)),
      /^bad\t[0-9a-f]{64}\tpath\n$/,
      path,
    );
  }
  const answer = await host.call(['plant', host.root], `d\t755\ta\nplant\t${'0'.repeat(64)}\n`);
  t.is(text(answer), `bad\t${'0'.repeat(64)}\tdigest\n`);
});

test.serial('a manifest lists files, directories and links, and never looks behind a link', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(run('1.1', 'true'));
  await bridge.event('X', '1.1');
  const work = host.work('1.1');
  await mkdir(join(work, 'out', '.hidden'), { recursive: true });
  await writeFile(join(work, 'out', 'a b\n\\'), 'x');
  await writeFile(join(work, 'out', '.hidden', '-dash'), '');
  await symlink('/etc', join(work, 'etc'));
  await writeFile(join(work, 'one.csv'), '1');
  await writeFile(join(work, '[x].csv'), '2');
  await chmod(join(work, 'one.csv'), 0o640);
  const made = host.start('exec');
  made.stdin.end(`mkfifo '${work}/pipe'\n`);
  await waitFor(() => made.exitCode !== null);
  const patterns = [
    'out/',
    '*.csv',
    '[x].csv',
    'etc',
    'etc/passwd',
    'pipe',
    '../*',
    '/etc/passwd',
    'none*',
    'none',
  ];
  const answer = await host.ask('manifest', `${patterns.join('\n')}\n`, '1.1');
  const rows = text(answer)
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  t.is(answer.code, 0, answer.stderr);
  t.deepEqual(
    rows.map(([n, kind, , , , path]) => `${n} ${kind} ${path}`),
    [
      '1 d out',
      '1 d out/.hidden',
      '1 f out/.hidden/-dash',
      '1 f out/a b\\n\\\\',
      '2 f [x].csv',
      '2 f one.csv',
      '3 f [x].csv',
      '4 l etc',
      '5 s etc/passwd',
      '6 s pipe',
    ],
  );
  t.deepEqual(rows[5]?.slice(2, 5), ['640', '1', sha256('1')]);
  t.is(rows[7]?.[6], '/etc');
  t.is(rows[3]?.[4], sha256('x'));
});

test.serial('a large file is listed without a digest, which is taken when it is asked for', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(run('1.1', 'head -c 16777216 /dev/zero >large; printf small >"small"; ln -s large link'));
  await bridge.event('X', '1.1');
  const rows = text(await host.ask('manifest', 'large\nsmall\n', '1.1'))
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  t.deepEqual(
    rows.map(([n, kind, , size, sum, path]) => [n, kind, size, sum, path]),
    [
      ['1', 'f', '16777216', '-', 'large'],
      ['2', 'f', '5', sha256('small'), 'small'],
    ],
  );
  const answer = await host.ask('digest', 'large\nsmall\n', '1.1');
  t.is(text(answer), `${sha256(Buffer.alloc(16777216))}\n${sha256('small')}\n`);
  for (const path of ['../1.1/large', '/etc/passwd', 'link', 'none'])
    t.is((await host.ask('digest', `${path}\n`, '1.1')).code, 1, path);
});

test.serial('forget removes attempts and batches, but nothing that runs', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  await bridge.ask(run('1.1', 'mkdir -p a/b; chmod 500 a'), run('2.1', 'sleep 60'));
  await bridge.event('X', '1.1');
  await bridge.event('S', '2.1');
  t.is((await host.ask('forget', '', '1.1')).code, 0);
  t.is(await host.read('1.1', 'exit'), null);
  const refused = await host.ask('forget', '', '2.1');
  t.is(refused.code, 1);
  t.regex(refused.stderr, /2\.1 is busy/);
  t.is((await host.ask('forget')).code, 1);
  await bridge.ask('kill\t2.1');
  await bridge.event('X', '2.1');
  t.is(await bridge.close(), 0);
  t.is((await host.ask('forget')).code, 0);
  await t.throwsAsync(stat(join(host.root, 'host-1')));
  await waitFor(async () => (await host.processes()).length === 0, { what: 'the end of all processes' });
  t.is((await host.ask('forget')).code, 0, 'twice is as good as once');
});

test.serial('exec runs a script that cannot eat itself', async (t) => {
  const host = await GjobHost.create(t, { env: { LC_ALL: 'C.UTF-8' } });
  const answer = await host.call(['exec'], 'cat\necho "$LC_ALL" é\nexit 9\n');
  t.is(answer.stdout.toString(), 'C.UTF-8 é\n');
  t.is(answer.code, 9);
});

test.serial('a person starts, watches, pauses and deletes a job by hand', async (t) => {
  const home = await GjobHost.create(t);
  const host = await GjobHost.create(t, { env: { GJOB_ROOT: join(home.root, 'r') } });
  t.teardown(() => home.end());
  const say = async (...args: string[]) => (await host.call(args)).stdout.toString().trim();
  const [id = '', directory = ''] = (await say('mkdir')).split('\t');
  t.regex(id, /\/by-hand\/1\.1$/);
  t.true((await stat(directory)).isDirectory());
  await host.call(['start', '1.1', 'sh', '-c', 'echo "it runs"; exec sleep 60']);
  await waitFor(async () => (await say('status', '1.1')) === `${id}\tbusy`, { what: 'the start' });
  await waitFor(async () => (await say('tail', 'by-hand/1.1')).includes('it runs'), { what: 'its output' });
  t.is((await host.call(['start', '1.1', 'true'])).code, 1);
  t.is((await host.call(['is-paused', '1.1'])).code, 1);
  await host.call(['pause', id]);
  await waitFor(async () => (await say('is-paused', id)) === 'yes', { what: 'the pause' });
  await host.call(['unpause', id]);
  await waitFor(async () => (await say('is-paused', id)) === 'no', { what: 'its going on' });
  t.is((await host.call(['delete', '1.1'])).code, 1);
  await host.call(['kill', '1.1']);
  await waitFor(async () => (await say('list')) === `${id}\terror\tcancelled\t15`, { what: 'its end' });
  t.is((await host.call(['delete', '1.1'])).code, 0);
  t.is(await say('list'), '');
  t.is((await host.call(['status', '1.1'])).code, 1);
});

test.serial('wrong use says how to do it and exits 2', async (t) => {
  const host = await GjobHost.create(t);
  for (const args of [[], ['dance'], ['kill'], ['tail'], ['start', '1.1'], ['status']]) {
    const answer = await host.call(args);
    t.is(answer.code, 2, args.join(' '));
    t.regex(answer.stderr, /gjob list/);
  }
  const forMachines = [
    ['bridge'],
    ['probe'],
    ['admit', 'x'],
    ['manifest', 'a', 'b', 'c', 'd'],
    ['digest', 'a', 'b', 'c', 'd'],
    ['fetch', host.root, '..', 'b'],
  ];
  for (const args of forMachines) t.is((await host.call(args)).code, 2, args.join(' '));
  t.is((await host.ask('status', '1.1\n')).code, 1);
  t.regex(text(await host.call(['help'])), /^ gjob runs the jobs/);
  t.regex(text(await host.call(['version'])), /^gjob 1, bash /);
});

test.serial('the helper keeps to what bash 4.2 has', async (t) => {
  const source = (await readFile(GJOB, 'utf8')).replace(/^\s*#.*$/gm, '');
  const newer = [
    /\$\{[^}]*@[QEPAaKkUuL]\}/,
    /wait\s+(-\S*\s+)*-[np]/,
    /local\s+-n|declare\s+-n/,
    /\$\{\s/,
    /EPOCHSECONDS/,
    /SRANDOM/,
    /\[\[ -v \S*\[/,
    /mapfile\s+(-\S+\s+)*-d/,
    /inherit_errexit/,
    /\beval\b/,
  ];
  for (const form of newer) t.notRegex(source, form);
  // A read that waits with a limit loses a byte that comes just as the time runs out, up to bash 5.1: only where none ever comes.
  t.notRegex(source, /^\s*[^#\n]*read (-\S+ )*-t (?!0 |\S+ -u "\$g_silence")/m);
  t.is(source.split('EPOCHREALTIME').length - 1, 2, 'asked for once, used once');
});
