import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { machineFiles } from '../helpers/machine-files.js';
import { type GpoolRun, runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';

const COUNT = 4;
const names = Array.from({ length: COUNT }, (_, at) => `host${at + 1}`);

test.serial(
  'hosts that share a home are looked at, used for the first time and cleaned up at once, and none is told unusable',
  async (t) => {
    const { cwd, gpool } = await prepare(t);
    const batch = (name: string) => gpool('run', ...all(cwd), '--out', name, 'batch.yaml');
    const clean = async (): Promise<GpoolRun[]> => {
      const answers = [];
      for (let n = 0; n < 2; n++) answers.push(await gpool('gc', '--all', ...all(cwd)));
      return answers;
    };
    const [looks, first, second, cleaned] = await Promise.all([
      gpool('hosts', ...all(cwd)),
      batch('a'),
      batch('b'),
      clean(),
    ]);
    t.regex(looks.stdout, new RegExp(`^${COUNT} of ${COUNT} hosts can be used`, 'm'), looks.stdout);
    for (const { code, stderr } of cleaned) t.is(code, 0, stderr);
    for (const { code, stderr } of [first, second]) t.is(code, 0, stderr);
    for (const name of ['a', 'b']) {
      const log = await readFile(join(cwd, name, 'log.jsonl'), 'utf8');
      const bad = log.split('\n').filter((line) => /"host\.(failed|lost)"|"job\.failed"/.test(line));
      t.deepEqual(bad, []);
    }
  },
);

test.serial(
  '`gpool hosts` makes nothing, and says what is wrong with a place where nothing can be made',
  async (t) => {
    const { cwd, gpool } = await prepare(t);
    const at = (root: string) => gpool('hosts', '-F', join(cwd, 'config'), '-S', 'host1', '--root', root);
    const good = await at(join(cwd, 'not/yet/there'));
    t.is(good.code, 0, good.stdout);
    await t.throwsAsync(readFile(join(cwd, 'not')), { code: 'ENOENT' });
    const bad = await at(join(cwd, 'batch.yaml/below'));
    t.is(bad.code, 4);
    t.regex(bad.stdout, /E_ROOT/);
  },
);

const all = (cwd: string) => ['-F', join(cwd, 'config'), '-S', names.join(','), '--root', join(cwd, 'root')];

/** Machines with one root, and a batch with few large and many small inputs. */
async function prepare(t: ExecutionContext) {
  const cwd = await tempDir(t);
  const hosts = await Promise.all(names.map((name, at) => machine(cwd, name, at)));
  const pool = await startEmbeddedHosts({ names, hostOptions: Object.fromEntries(hosts) });
  t.teardown(() => pool.close());
  await writeFile(join(cwd, 'config'), await readFile(pool.sshConfig));
  await mkdir(join(cwd, 'many'));
  for (let n = 0; n < 20; n++) await writeFile(join(cwd, 'many', `${n}`), `small ${n}\n`);
  await writeFile(join(cwd, 'large'), 'large\n'.repeat(20_000));
  const inputs = '[many, large, { source: large, target: data, share: true }]';
  await writeFile(
    join(cwd, 'batch.yaml'),
    `jobs:\n  - commands: test $(cat many/* | wc -l) = 20 && cmp large data # {n}\n    sweep: { n: [1, 2, 3, 4, 5, 6] }\n    files: ${inputs}\n`,
  );
  return { cwd, gpool: (...args: string[]) => runGpool(args, { cwd }) };
}

async function machine(cwd: string, hostname: string, at: number) {
  const facts = { boot: `boot-${at}`, machineId: `${at}`.repeat(32), hostname, pids: hostname };
  const env = Object.entries(await machineFiles(join(cwd, hostname), facts));
  const settings = env.map(([name, file]) => `export ${name}=${file}`).join('; ');
  return [hostname, { faults: { forceCommand: `${settings}; eval "$SSH_ORIGINAL_COMMAND"` } }] as const;
}
