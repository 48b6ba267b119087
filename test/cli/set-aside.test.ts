import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { runGpool } from '../helpers/run-gpool.js';
import { mountSmall } from '../helpers/small-disk.js';
import { tempDir } from '../helpers/temp-dir.js';
import { sshdTest } from '../helpers/tiers.js';

const JOBS = 60;
const numbers = Array.from({ length: JOBS }, (_, at) => String(at + 1));

test.serial(
  'a host without a program that the jobs need costs the batch nothing but a little time',
  async (t) => {
    const cwd = await tempDir(t);
    const pool = await startEmbeddedHosts({ names: ['bad', 'good', 'fine'] });
    t.teardown(() => pool.close());
    const work =
      '[ "$GPOOL_HOST" != bad ] || { echo "sim: libfft.so: not found" >&2; exit 1; }; sleep 0.3; echo {}';
    const args = ['run', '-F', pool.sshConfig, '-S', '2/bad,2/good,2/fine', '--out', 'batch', '--', work];
    const { code, stderr } = await runGpool([...args, ':::', ...numbers], { cwd });
    t.is(code, 0, stderr);
    t.regex(stderr, /60 jobs: 60 done/);
    t.regex(stderr, /! bad set aside until .*jobs in a row failed here within 10 s.*E_HOST_SUSPECT/);

    const status = JSON.parse((await runGpool(['status', join(cwd, 'batch'), '--json'], { cwd })).stdout);
    t.is(status.counts.done, JOBS);
    t.like(status.hosts[0], {
      name: 'bad',
      done: 0,
      failed: 0,
      hold: { kind: 'set-aside', code: 'E_HOST_SUSPECT' },
    });
    const tried = status.jobs.filter((job: { attempts: number }) => job.attempts > 1).length;
    // Three in a row set it aside; what was on its way there by then depends on the machine, most of the batch it is not.
    t.true(tried >= 3 && tried <= JOBS / 2, `${tried} jobs failed there before`);
  },
);

sshdTest('a host with a full disk swallows few jobs, and the batch completes on the others', async (t) => {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names: ['bad', 'good', 'fine'] });
  t.teardown(() => pool.close());
  const small = join(cwd, 'small');
  await mountSmall(t, small, 'size=1m');
  await writeFile(join(cwd, 'big'), Buffer.alloc(3_000_000, 'x'));
  await writeFile(
    join(cwd, 'hosts.yaml'),
    `hosts: [2/good, 2/fine, { name: bad, slots: 2, root: ${small} }]\n`,
  );
  // Long enough that the others cannot do all before it was tried three times.
  const args = ['run', '-F', pool.sshConfig, '--slf', 'hosts.yaml', '--out', 'batch', '--file', 'big'];
  const { code, stderr } = await runGpool([...args, '--', 'sleep 1.5', ':::', ...numbers.slice(0, 16)], {
    cwd,
  });
  t.is(code, 0, stderr);
  t.regex(stderr, /16 jobs: 16 done/);
  const status = JSON.parse((await runGpool(['status', join(cwd, 'batch'), '--json'], { cwd })).stdout);
  t.like(status.hosts[2], { name: 'bad', done: 0, hold: { kind: 'set-aside', code: 'E_REMOTE_DISK' } });
  t.true(status.hosts[2].given <= 6, `${status.hosts[2].given} attempts were given to it`);
});
