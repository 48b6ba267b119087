import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { type EmbeddedPool, startEmbeddedHosts } from '../../src/testing/index.js';
import { runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';

interface Row {
  readonly title: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly says: RegExp;
  readonly prepare?: (cwd: string) => Promise<void>;
}

const write =
  (name: string, text: string) =>
  (cwd: string): Promise<void> =>
    writeFile(join(cwd, name), text);

const LOCAL: readonly Row[] = [
  { title: 'no command', args: ['run', '-S', ':'], code: 2, says: /there is no command \(E_USAGE\)/ },
  { title: 'an unknown verb', args: ['rum'], code: 2, says: /unknown command 'rum'.*Did you mean run/ },
  {
    title: 'an unknown option',
    args: ['run', '--tga', '--', 'true'],
    code: 2,
    says: /unknown option '--tga'.*Did you mean --tag/,
  },
  {
    title: "a flag of GNU parallel's that is called otherwise here",
    args: ['run', '--basefile', 'x', '--', 'true'],
    code: 2,
    says: /unknown option '--basefile' \(E_USAGE\)\. .*--file/,
  },
  {
    title: 'a wrong number of jobs',
    args: ['run', '-j', 'many', '--', 'true'],
    code: 2,
    says: /-j: "many" is no number/,
  },
  {
    title: 'a wrong niceness',
    args: ['run', '--nice', '30', '--', 'true'],
    code: 2,
    says: /--nice.*from 0 to 19/,
  },
  {
    title: 'a wrong span of time',
    args: ['run', '--timeout', 'soon', '--', 'true'],
    code: 2,
    says: /is not a span of time/,
  },
  {
    title: 'a time limit of zero',
    args: ['run', '--timeout', '0', '--', 'true'],
    code: 2,
    says: /"0": would end every job at once/,
  },
  {
    title: 'a time limit below the median',
    args: ['run', '--timeout', '50%', '--', 'true'],
    code: 2,
    says: /"50%": .*would end at least half of the jobs/,
  },
  {
    title: 'a signal before no time limit',
    args: ['run', '--signal', 'USR1@60', '--', 'true'],
    code: 3,
    says: /a signal before the time limit, but no limit/,
  },
  {
    title: 'an unknown signal',
    args: ['run', '--timeout', '1h', '--signal', 'KILL@60', '--', 'true'],
    code: 2,
    says: /KILL is not one of the signals HUP/,
  },
  {
    title: 'a number of copies below 0',
    args: ['run', '--copies', '-1', '--', 'true'],
    code: 2,
    says: /--copies: "-1" is no whole number from 0/,
  },
  {
    title: 'a host that would count as lost at once',
    args: ['run', '--lost-after', '0', '--', 'true'],
    code: 2,
    says: /--lost-after: .*Write a time above 0/,
  },
  {
    title: 'no tries at all',
    args: ['run', '--retries', '0', '--', 'true'],
    code: 2,
    says: /--retries: "0" is no whole number from 1/,
  },
  {
    title: 'a retry code out of range',
    args: ['run', '--retries', '2', '--retry-on', '75,256', '--', 'true'],
    code: 2,
    says: /--retry-on: 256 is no exit code from 1 to 255/,
  },
  {
    title: 'a retry code that is success',
    args: ['run', '--retries', '2', '--never-retry', '0', '--', 'true'],
    code: 2,
    says: /--never-retry: 0 is success/,
  },
  {
    title: 'codes to try again after without tries',
    args: ['run', '--retry-on', '75', '--', 'true'],
    code: 2,
    says: /--retry-on: nothing is tried again .*--retries/,
  },
  {
    title: 'a malformed halt rule',
    args: ['run', '--halt', 'soon,fails=1', '--', 'true'],
    code: 2,
    says: /"soon,fails=1": is no halt rule.*Write never/,
  },
  {
    title: 'a halt rule that would stop at once',
    args: ['run', '--halt', 'now,fail=0', '--', 'true'],
    code: 2,
    says: /"now,fail=0": would stop the batch before its first job/,
  },
  {
    title: 'a variable that is not set',
    args: ['run', '--env', 'GPOOL_NO_SUCH', '--', 'true'],
    code: 2,
    says: /--env: there is no variable/,
  },
  {
    title: 'an unknown placeholder',
    args: ['run', '--header', ':', 'echo {lt}', ':::', 'lr', '1'],
    code: 3,
    says: /\{lt\} is not a column.*E_PLACEHOLDER/,
  },
  {
    title: 'a missing input file',
    args: ['run', '--file', 'no-such', '--', 'true'],
    code: 3,
    says: /no-such.*E_INPUT_MISSING/s,
  },
  {
    title: 'an input that cannot be read',
    args: ['run', '--file', 'loop', '--', 'true'],
    code: 3,
    says: /loop.*E_INPUT_DENIED/s,
    prepare: (cwd) => symlink('loop', join(cwd, 'loop')),
  },
  {
    title: 'a missing file of arguments',
    args: ['run', 'echo', '::::', 'no-such'],
    code: 3,
    says: /no-such.*E_INPUT_MISSING/,
  },
  {
    title: 'one destination for two inputs',
    args: ['run', '--file', 'a:x', '--file', 'b:x', '--', 'true'],
    code: 3,
    says: /x.*E_SPEC/s,
    prepare: async (cwd) => {
      await write('a', '')(cwd);
      await write('b', '')(cwd);
    },
  },
  { title: 'a bad host', args: ['run', '-S', 'lab 01;x', '--', 'true'], code: 3, says: /E_HOST_SYNTAX/ },
  { title: 'no host', args: ['run', '-S', '', '--', 'true'], code: 4, says: /E_NO_HOST/ },
  { title: 'no host for hosts', args: ['hosts'], code: 4, says: /E_NO_HOST/ },
  {
    title: 'a mistake in a hosts file',
    args: ['run', '--slf', 'hosts', '--', 'true'],
    code: 3,
    says: /hosts:2/,
    prepare: write('hosts', 'lab01\n-x\n'),
  },
  {
    title: 'an empty command list in a batch file',
    args: ['run', 'b.yaml'],
    code: 3,
    says: /b\.yaml.*command/s,
    prepare: write('b.yaml', 'commands: []\n'),
  },
  {
    title: 'a negative repeat',
    args: ['run', 'b.yaml'],
    code: 3,
    says: /b\.yaml.*repeat/s,
    prepare: write('b.yaml', 'command: x\nrepeat: -1\n'),
  },
  {
    title: 'an unknown key',
    args: ['run', 'b.yaml'],
    code: 3,
    says: /b\.yaml:2.*comand/s,
    prepare: write('b.yaml', 'command: x\ncomand: y\n'),
  },
  {
    title: 'a batch directory that exists',
    args: ['run', '--out', 'there', '--', 'true'],
    code: 3,
    says: /there.*E_BATCH_EXISTS.*--out/,
    prepare: async (cwd) => {
      await mkdir(join(cwd, 'there'));
      await write('there/x', '')(cwd);
    },
  },
  { title: 'no batch yet', args: ['status'], code: 3, says: /E_BATCH_NOT_FOUND.*gpool run/ },
  { title: 'an unknown batch', args: ['status', 'nosuch'], code: 3, says: /nosuch.*E_BATCH_NOT_FOUND/ },
  {
    title: 'a password in a host',
    args: ['run', '-S', 'me:secret@lab', '--', 'true'],
    code: 3,
    says: /E_HOST_SYNTAX/,
  },
];

for (const { title, args, code, says, prepare } of LOCAL) {
  test.serial(`${title}: one clear error, exit ${code}, no batch directory`, async (t) => {
    const cwd = await tempDir(t);
    await prepare?.(cwd);
    const before = await readdir(cwd);
    const run = await runGpool(args, { cwd });
    t.is(run.code, code, run.stderr);
    t.regex(run.stderr, says);
    t.regex(run.stderr, /^gpool: /);
    t.notRegex(run.stderr, /\n\s+at /);
    t.is(run.stdout, '');
    t.deepEqual(await readdir(cwd), before);
  });
}

test.serial('an unknown host key is refused with --strict', async (t) => {
  const cwd = await tempDir(t);
  const pool = await startPool(t, { names: ['lab01'] });
  await writeFile(pool.knownHosts, '');
  const run = await runGpool(
    ['run', '-F', pool.sshConfig, '--strict', '-S', 'lab01', '--', 'true', ':::', '1'],
    { cwd },
  );
  t.is(run.code, 4, run.stderr);
  t.regex(run.stderr, /lab01.*E_HOSTKEY_UNKNOWN/);
});

test.serial('an unwritable root directory is named with what to do', async (t) => {
  const cwd = await tempDir(t);
  await write('file', '')(cwd);
  const run = await runGpool(['run', '--root', join(cwd, 'file/sub'), '--', 'true', ':::', '1'], { cwd });
  t.is(run.code, 4, run.stderr);
  t.regex(run.stderr, /E_ROOT/);
});

test.serial('an unreadable key is named before anything is connected', async (t) => {
  const cwd = await tempDir(t);
  const pool = await startPool(t, { names: ['lab01'] });
  await writeFile(pool.identity, 'garbage');
  await chmod(pool.identity, 0o600);
  const run = await runGpool(
    ['run', '-F', pool.sshConfig, '--no-input', '-S', 'lab01', '--', 'true', ':::', '1'],
    { cwd },
  );
  t.is(run.code, 4, run.stderr);
  t.regex(run.stderr, /E_KEY/);
});

test.serial('errors are one JSON value with --json, and have a stack only with --debug', async (t) => {
  const cwd = await tempDir(t);
  const json = await runGpool(['status', '--json'], { cwd });
  t.is(JSON.parse(json.stderr).error.code, 'E_BATCH_NOT_FOUND');
  const debug = await runGpool(['status', '--debug'], { cwd });
  t.regex(debug.stderr, /\n\s+at /);
});

async function startPool(
  t: { teardown(clean: () => Promise<void>): void },
  options: NonNullable<Parameters<typeof startEmbeddedHosts>[0]>,
): Promise<EmbeddedPool> {
  const pool = await startEmbeddedHosts(options);
  t.teardown(() => pool.close());
  return pool;
}
