import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { finish, runGpool, startGpool } from '../helpers/run-gpool.js';
import { mountSmall, remount } from '../helpers/small-disk.js';
import { sshdTest } from '../helpers/tiers.js';
import { waitFor } from '../helpers/wait-for.js';
import { checkInvariants } from './harness/check-invariants.js';
import { Controller } from './harness/controller.js';
import { readHistory, restarts } from './harness/history.js';
import { startLab } from './harness/lab.js';
import type { Machine } from './harness/machine.js';

const JOBS = 12;
const LIMIT = { limitMs: 90_000 };

/** What a site, or a bad disk, does to the files in a cache; the directories stay. */
const HARMS: Readonly<Record<string, (file: string) => Promise<void>>> = {
  purged: (file) => rm(file, { force: true }),
  emptied: (file) => truncate(file),
  overwritten: async (file) =>
    writeFile(
      file,
      (await readFile(file)).map((byte) => byte ^ 1),
    ),
};

for (const [how, harm] of Object.entries(HARMS)) {
  sshdTest(`a cache whose files are ${how} while a batch runs: each job has its inputs whole`, async (t) => {
    const { lab, home, victim } = await prepare(t);
    const text = 'a line of the input\n'.repeat(1000);
    await mkdir(join(home, 'data'));
    for (const name of ['data/a', 'data/b', 'one']) await writeFile(join(home, name), name + text);
    const work = 'sleep 1; cat data/a data/b one; echo {} >> ~/begun';
    const words = ['--file', 'data', '--file', 'one', '--', work, ':::', ...numbers()];
    const run = finish(
      startGpool(['run', '-F', lab.sshConfig, '-S', '1/m[1-2]', '--out', 'b', ...words], { cwd: home }),
    );
    const begun = () => readFile(join(victim.disk, 'begun'), 'utf8').catch(() => '');
    await waitFor(async () => (await begun()) !== '', LIMIT);
    for (const file of await filesBelow(join(victim.disk, '.gjob/cache'))) await harm(file);
    const { code, stderr } = await run;
    t.is(code, 0, stderr);
    for (const job of numbers()) {
      const last = (await readdir(join(home, 'b/jobs', job))).sort().at(-1) ?? '';
      const stdout = await readFile(join(home, 'b/jobs', job, last, 'stdout'), 'utf8');
      t.is(stdout, `data/a${text}data/b${text}one${text}`, `job ${job}`);
    }
  });
}

sshdTest(
  'what is mounted in a working directory while its job runs is still there when all is cleared',
  async (t) => {
    const { lab, home, victim } = await prepare(t);
    const precious = join(victim.disk, 'precious');
    await mkdir(precious);
    await writeFile(join(precious, 'thesis'), 'ten years\n');
    const work = 'mkdir m; touch ~/ready; until [ -e m/thesis ]; do sleep 0.3; done; cat m/thesis';
    const words = ['run', '-F', lab.sshConfig, '-S', '1/m1', '--out', 'b', '--', work];
    const run = finish(startGpool(words, { cwd: home }));
    await waitFor(
      () =>
        readFile(join(victim.disk, 'ready')).then(
          () => true,
          () => false,
        ),
      LIMIT,
    );
    const [place = ''] = (await readdir(victim.disk, { recursive: true })).filter((name) =>
      name.endsWith('/1.1/m'),
    );
    await victim.bind('precious', place);
    const { code, stdout, stderr } = await run;
    t.is(code, 0, stderr);
    t.is(stdout, 'ten years\n');
    t.is(await readFile(join(precious, 'thesis'), 'utf8'), 'ten years\n');
    t.regex((await runGpool(['gc', '--all', 'b'], { cwd: home })).stdout, /kept/);
    t.is(await readFile(join(precious, 'thesis'), 'utf8'), 'ten years\n');
  },
);

/** Ways in which the disk of the controller is full, and how that ends. */
const FULL: readonly (readonly [string, string, string])[] = [
  ['a disk without room', 'size=300k', 'size=100m'],
  ['a disk without inodes', 'size=100m,nr_inodes=24', 'nr_inodes=10000'],
];

for (const [what, small, large] of FULL) {
  sshdTest(
    `results that come to ${what} are fetched by a later resume, and nothing runs again`,
    async (t) => {
      const { lab, home } = await prepare(t);
      const out = join(home, 'small');
      await mountSmall(t, out, small);
      const order = { sshConfig: lab.sshConfig, hosts: '2/m[1-2]', home, out: 'small/b' };
      const first = await Controller.run({ ...order, jobs: 60 }).ended;
      t.not(first.code, 0, 'the disk was full');
      t.regex(first.stderr, /E_LOCAL_DISK|E_JOURNAL/);
      await remount(out, large);
      const { code, stderr } = await Controller.resume({ home, out: 'small/b' }).ended;
      t.is(code, 0, stderr);
      t.deepEqual(await checkInvariants(join(out, 'b'), await lab.witnesses(), { full: ['m1', 'm2'] }), []);
      t.deepEqual(restarts(await readHistory(join(out, 'b'))), []);
    },
  );
}

async function prepare(t: ExecutionContext) {
  t.timeout(300_000);
  const lab = await startLab({ machines: 2 });
  t.teardown(() => lab.close());
  const [victim] = lab.machines;
  if (!victim) throw new Error('no machine');
  return { lab, victim, home: await lab.directory('home') };
}

function numbers(): string[] {
  return Array.from({ length: JOBS }, (_, at) => String(at + 1));
}

async function filesBelow(directory: Machine['disk']): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}
