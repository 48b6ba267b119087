import { join } from 'node:path';
import test from 'ava';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';

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
    t.true(tried >= 3 && tried <= 15, `${tried} jobs failed there before`);
  },
);
