import { join } from 'node:path';
import { finish, startGpool } from '../helpers/run-gpool.js';
import { sshdTest } from '../helpers/tiers.js';
import { readHistory } from './harness/history.js';
import { startLab } from './harness/lab.js';

/** Ways to clean up that hit more than they mean to. */
const SWEEPS: Readonly<Record<string, string>> = {
  'every bash of its account': 'pkill -KILL bash',
  'every process of its account': 'kill -KILL -1',
};

for (const [what, sweep] of Object.entries(SWEEPS)) {
  sshdTest(
    `a job that ends ${what} is tried three times and told by that; the other jobs are done`,
    async (t) => {
      t.timeout(300_000);
      const lab = await startLab({ machines: 1 });
      t.teardown(() => lab.close());
      const home = await lab.directory('home');
      const job = `echo {} >>~/ran; if [ {} = 3 ]; then ${sweep}; sleep 60; fi; echo {}`;
      const words = ['run', '-F', lab.sshConfig, '-S', '1/m1', '--quiet', '--out', 'b', '--', job, ':::'];
      const run = await finish(startGpool([...words, '1', '2', '3', '4', '5'], { cwd: home }));
      t.is(run.code, 1, run.stderr);
      t.regex(run.stderr, /E_SUPERVISOR: job 3 on m1/);
      const attempts = [...(await readHistory(join(home, 'b'))).attempts.values()];
      const tries = attempts.filter(({ job: id }) => id === '3');
      t.deepEqual(
        tries.map(({ settled }) => settled.join()),
        ['requeued', 'requeued', 'failed'],
      );
      for (const { reason } of tries.slice(0, 2)) t.regex(reason, /E_SUPERVISOR/);
      const done = attempts.filter(({ settled }) => settled.includes('done')).map(({ job: id }) => id);
      t.deepEqual(done.sort(), ['1', '2', '4', '5']);
    },
  );
}
