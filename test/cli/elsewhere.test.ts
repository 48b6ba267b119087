import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { machineFiles } from '../helpers/machine-files.js';
import { finish, runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

const LIMIT = { limitMs: 90_000 };
const LINE =
  /login.*: the agent of login\/\S+ is on login1 \(machine-id 1+\), and this is login2 \(machine-id 2+\) \(E_ELSEWHERE\)/;

test.serial(
  'a name that leads to another machine over the same home starts nothing there, and goes on when it leads back',
  async (t) => {
    const { cwd, leadTo, open, starts, witness } = await prepare(t);
    const first = startGpool(run('1/login', cwd), { cwd });
    await starts('1.1');
    await waitFor(async () => (await read(cwd, 'b/journal.jsonl')).includes('job.started'), LIMIT);
    first.kill('SIGKILL');
    await leadTo('login2');
    const refused = await runGpool(['resume', 'b'], { cwd });
    t.is(refused.code, 4);
    t.regex(refused.stderr, LINE);
    t.regex(refused.stderr, /gpool hosts remove --now.*gpool gc --force/);
    t.regex((await runGpool(['status', 'b'], { cwd })).stdout, /unknown/);
    t.deepEqual(await witness(), ['login1 1.1']);
    await leadTo('login1');
    await open();
    const { code, stderr } = await runGpool(['resume', 'b'], { cwd });
    t.is(code, 0, stderr);
    t.deepEqual(await witness(), ['login1 1.1', 'login1 2.1']);
  },
);

test.serial(
  'what is on another machine is given up with `hosts remove --now`, also while a controller runs',
  async (t) => {
    const { cwd, open, witness } = await leaveElsewhere(t);
    const resumed = finish(startGpool(['resume', 'b'], { cwd }));
    await waitFor(async () => (await read(cwd, 'b/log.jsonl')).includes('E_ELSEWHERE'), LIMIT);
    const removed = await runGpool(['hosts', 'remove', 'b', 'login', '--now'], { cwd });
    t.is(removed.code, 0, removed.stderr);
    await open();
    const { code, stderr } = await resumed;
    t.is(code, 0, stderr);
    const ran = await witness();
    t.is(ran.length, 3);
    t.deepEqual(
      ran.filter((line) => line.startsWith('login2')),
      [],
    );
  },
);

test.serial(
  'what is on another machine is given up with `hosts remove --now` when no controller runs',
  async (t) => {
    const { cwd, open, witness } = await leaveElsewhere(t);
    const removed = await runGpool(['hosts', 'remove', 'b', 'login', '--now'], { cwd });
    t.is(removed.code, 0, removed.stderr);
    t.regex(removed.stderr, LINE);
    await open();
    const { code, stderr } = await runGpool(['resume', 'b'], { cwd });
    t.is(code, 0, stderr);
    t.is((await witness()).length, 3);
  },
);

test.serial(
  '`gc` keeps what is on another machine and says so; with --force it goes, and the batch begins anew',
  async (t) => {
    const { cwd, leadTo, open, starts, witness, root } = await prepare(t);
    const first = startGpool(run('1/login', cwd), { cwd });
    await starts('1.1');
    first.kill('SIGKILL');
    await leadTo('login2');
    for (const words of [[], ['--older-than', '0'], ['--all']]) {
      const kept = await runGpool(['gc', ...words, 'b'], { cwd });
      t.is(kept.code, 0, kept.stderr);
      t.regex(
        kept.stdout,
        /kept +batch login\/\S+ +the agent is on login1 .*, and this is login2 /,
        words.join(' '),
      );
    }
    const forced = await runGpool(['gc', '--force', 'b'], { cwd });
    t.is(forced.code, 0, forced.stderr);
    t.regex(forced.stdout, /removed +batch login\/\S+ +forced: .*login1.*what runs there was not ended/);
    t.false(existsSync(join(root, 'login')));
    await open();
    const { code, stderr } = await runGpool(['resume', 'b'], { cwd });
    t.is(code, 0, stderr);
    t.true((await witness()).includes('login2 1.2'));
  },
);

/** Two jobs that say where they run and wait to be let go. */
function run(hosts: string, cwd: string): string[] {
  const me = '$(cat $GJOB_HOSTNAME_FILE) $GPOOL_JOB.$GPOOL_ATTEMPT';
  const job = `echo "${me}" >> ${cwd}/witness; until [ -e ${cwd}/go ]; do sleep 0.3; done; : {}`;
  const ssh = ['-F', join(cwd, 'config'), '-S', hosts, '--root', join(cwd, 'root'), '--placement', 'pack'];
  return ['run', ...ssh, '--out', 'b', '--', job, ':::', '1', '2'];
}

/** A batch without a controller, with a job on each host; the name of the first host leads to another machine by now. */
async function leaveElsewhere(t: ExecutionContext) {
  const home = await prepare(t);
  const { cwd, starts } = home;
  const controller = startGpool(run('1/login,1/other', cwd), { cwd });
  await starts('1.1');
  await starts('2.1');
  controller.kill('SIGKILL');
  await home.leadTo('login2');
  return home;
}

/** Machines of which two have one name. */
async function prepare(t: ExecutionContext) {
  const cwd = await tempDir(t);
  const open = () => writeFile(join(cwd, 'go'), '');
  const names = ['login1', 'login2', 'other'];
  const hosts = await Promise.all(names.map((name, at) => machine(cwd, name, at + 1)));
  const pool = await startEmbeddedHosts({ names, hostOptions: Object.fromEntries(hosts) });
  t.teardown(() => pool.close());
  t.teardown(open);
  const config = await readFile(pool.sshConfig, 'utf8');
  const leadTo = (name: string) =>
    writeFile(join(cwd, 'config'), config.replace(`Host ${name}\n`, 'Host login\n'));
  await leadTo('login1');
  const witness = async () => (await read(cwd, 'witness')).split('\n').filter(Boolean);
  const starts = (attempt: string) =>
    waitFor(async () => (await witness()).some((line) => line.endsWith(` ${attempt}`)), {
      ...LIMIT,
      what: `the start of ${attempt}`,
    });
  return { cwd, root: join(cwd, 'root'), leadTo, open, witness, starts };
}

/** All of them have one root; nothing else do they share. */
async function machine(cwd: string, hostname: string, n: number) {
  const facts = { boot: `boot-${n}`, machineId: String(n).repeat(32), hostname, pids: hostname };
  const env = Object.entries(await machineFiles(join(cwd, hostname), facts));
  const settings = env.map(([name, file]) => `export ${name}=${file}`).join('; ');
  return [hostname, { faults: { forceCommand: `${settings}; eval "$SSH_ORIGINAL_COMMAND"` } }] as const;
}

function read(cwd: string, file: string): Promise<string> {
  return readFile(join(cwd, file), 'utf8').catch(() => '');
}
