import type { ExecutionContext } from 'ava';
import { runGpool } from '../helpers/run-gpool.js';
import { startSshdFarm } from '../helpers/sshd-farm.js';
import { tempDir } from '../helpers/temp-dir.js';
import { sshdTest } from '../helpers/tiers.js';

const REFUSALS = /open failed|lost before handshake|E_CHANNEL|E_CONN/;

/** Runs `true` so many times, by so many controllers at once, on one sshd. */
async function runControllers(
  t: ExecutionContext,
  config: readonly string[],
  controllers: number,
  jobs: number,
) {
  const farm = await startSshdFarm({ lab01: { config } });
  t.teardown(() => farm.close());
  const cwd = await tempDir(t);
  const args = Array.from({ length: jobs }, (_, at) => String(at + 1));
  const runs = Array.from({ length: controllers }, (_, at) =>
    runGpool(
      [
        'run',
        '-F',
        farm.sshConfig,
        '-S',
        '2/lab01',
        '--quiet',
        '--out',
        `batch-${at}`,
        '--',
        'true {}',
        ':::',
        ...args,
      ],
      { cwd },
    ),
  );
  for (const { code, stderr } of await Promise.all(runs)) {
    t.is(code, 0, stderr);
    t.regex(stderr, new RegExp(`${jobs} done`));
    t.notRegex(stderr, REFUSALS);
  }
}

const DEFAULTS = ['MaxSessions 10', 'MaxStartups 10:30:100'];
const TIGHT = ['MaxSessions 1', 'MaxStartups 2:100:2'];

sshdTest('2000 jobs on one host with the limits of a default sshd: no refusal is seen', async (t) => {
  t.timeout(300_000);
  await runControllers(t, DEFAULTS, 1, 2000);
});

sshdTest('40 controllers at once on one default sshd: no refusal is seen', async (t) => {
  t.timeout(300_000);
  await runControllers(t, DEFAULTS, 40, 3);
});

sshdTest(
  'one session and two unauthenticated logins at a time are enough: slower, and nothing fails',
  async (t) => {
    t.timeout(300_000);
    await runControllers(t, TIGHT, 4, 50);
  },
);
