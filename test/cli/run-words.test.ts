import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Command, type Option } from 'commander';
import { addRunOptions, type RunOptions } from '../../src/cli/run-options.js';
import { planRun, type RunPlan } from '../../src/cli/run-plan.js';
import { readRunWords } from '../../src/cli/run-words.js';
import { SpecError } from '../../src/errors.js';
import { runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';

test.serial(
  'options count before a command and around a batch file; behind a command all is its own',
  async (t) => {
    const cwd = await withBatch(t);
    const commands = 'echo 1\necho 2\n';
    const rows: [words: string[], stdout: string][] = [
      [['batch.yaml', '--dry-run'], commands],
      [['--dry-run', 'batch.yaml'], commands],
      [['--', 'batch.yaml', '--dry-run'], commands],
      [['-j', '2', 'batch.yaml', '-k', '--dry-run', '-S', 'lab01'], commands],
      [['copy.yml', '--dry-run'], commands],
      [['copy.json', '--dry-run'], commands],
      [['--dry-run', 'echo', 'batch.yaml', '--dry-run'], 'echo batch.yaml --dry-run\n'],
      [['--dry-run', './batch.yaml', '{}', ':::', '1'], './batch.yaml 1\n'],
      [['--dry-run', './batch.yaml --limit x'], './batch.yaml --limit x\n'],
      [['--dry-run', 'ls', '-0', '-7'], 'ls -0 -7\n'],
    ];
    for (const [words, wanted] of rows) {
      const { code, stdout, stderr } = await runGpool(['run', ...words], { cwd });
      t.is(stdout, wanted, `${words} ${stderr}`);
      t.is(code, 0, words.join(' '));
    }
  },
);

test.serial('what is neither an option nor a command runs nothing', async (t) => {
  const cwd = await withBatch(t);
  const rows: [words: string[], told: RegExp][] = [
    [['run', '-0'], /unknown option '-0'.*tr/],
    [['run', '-7', 'echo'], /unknown option '-7'/],
    [['run', '-.5'], /unknown option '-.5'/],
    [['run', '-07'], /unknown option '-07'/],
    [['exec', '-S', ':', '-0', 'id'], /unknown option '-0'/],
    [['run', 'batch.yaml', '--dry-rnu'], /unknown option '--dry-rnu'.*batch file/],
    [['run', 'batch.yaml', 'again', '--dry-run'], /"again" follows a batch file/],
    [['run', 'batch.yaml', '-j'], /argument missing/],
    [['run', 'btach.yaml', '--dry-run'], /the batch file cannot be read/],
  ];
  for (const [words, told] of rows) {
    const { code, stdout, stderr } = await runGpool(words, { cwd });
    t.regex(stderr, told);
    t.is(stdout, '');
    t.is(code, stderr.includes('E_USAGE') ? 2 : 3, stderr);
  }
});

test.serial('each option of run counts beside a batch file, or is refused', async (t) => {
  const cwd = await withBatch(t);
  process.chdir(cwd);
  const plain = await plan([]);
  for (const option of createCommand().options) {
    const flag = option.long ?? option.flags;
    if (ELSEWHERE.has(flag)) continue;
    const error = await plan(givenAs(option)).then(
      (given) => t.notDeepEqual(given, plain, `${flag} is dropped`),
      (fault: unknown) => fault,
    );
    if (REFUSED.includes(flag)) t.true(error instanceof SpecError, flag);
    else t.false(error instanceof Error, `${flag}: ${error}`);
  }
});

test.serial('--file and --return beside a batch file go to every job besides its own', async (t) => {
  const cwd = await withBatch(t);
  process.chdir(cwd);
  const { specs } = await plan(['--file', 'copy.yml:x', '--return', 'log?', '--env', 'HOME']);
  t.is(specs.length, 2);
  for (const spec of specs) {
    t.deepEqual(spec.files, [{ source: 'copy.yml', target: 'x' }]);
    t.deepEqual(spec.returns, [{ pattern: 'log', optional: true }]);
    t.is(spec.env.HOME, process.env.HOME);
  }
  await t.throwsAsync(plan(['--return', '{.}.out']), {
    instanceOf: SpecError,
    message: /replacement string/,
  });
  await t.throwsAsync(plan(['--file', 'a:x', '--file', 'b:x']), { message: /both go to x/ });
  process.env.a = 'other';
  await t.throwsAsync(plan(['--env', 'a']), { message: /value of this name/ });
});

async function withBatch(t: ExecutionContext): Promise<string> {
  const cwd = await tempDir(t);
  const before = process.cwd();
  t.teardown(() => process.chdir(before));
  const text = '{ "command": "echo {a}", "sweep": { "a": [1, 2] } }\n';
  for (const name of ['batch.yaml', 'copy.yml', 'copy.json']) await writeFile(join(cwd, name), text);
  return cwd;
}

function createCommand(): Command {
  return addRunOptions(new Command('run').exitOverride().argument('[words...]').passThroughOptions());
}

async function plan(options: readonly string[]): Promise<RunPlan> {
  const command = createCommand();
  let made: Promise<RunPlan> | undefined;
  command.action((words: string[], given: RunOptions) => {
    made = planRun(readRunWords(command, words), given);
  });
  command.parse(['batch.yaml', ...options], { from: 'user' });
  if (!made) throw new Error('the action was not called');
  return made;
}

function givenAs({ long = '', required, argChoices }: Option): string[] {
  const value = SAMPLES[long] ?? argChoices?.at(-1) ?? '3';
  const flags = long === '--signal' ? ['--timeout', '600'] : long === '--retry-on' ? ['--retries', '2'] : [];
  return required ? [...flags, `${long}`, value] : [`${long}`];
}

const REFUSED = ['--trc', '--arg', '--header', '--colsep', '--retry-failed'];

const SAMPLES: Readonly<Record<string, string>> = {
  '--env': 'PATH',
  '--signal': 'USR1@60',
  '--halt': 'now,fail=1',
  '--hosts': 'lab01',
  '--slf': '/dev/stdin.txt',
};

/** Options that are not part of the plan, and who reads them. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ...['--keep-order', '--tag', '--line-buffer', '--quiet', '--bar', '--eta', '--color'].map(
    (flag) => [flag, 'what is shown, the same for every batch'] as const,
  ),
  ...['--input', '--no-input', '--debug'].map((flag) => [flag, 'who is asked and told'] as const),
  ...[
    '--dry-run',
    '--detach',
    '--joblog',
    '--resume',
    '--resume-failed',
    '--order',
    '--update',
    '--trust-batch',
  ].map((flag) => [flag, 'run-command, from the plan that the file gave'] as const),
  ['--slf', 'as -S'],
]);
