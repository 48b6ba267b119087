import test from 'ava';
import { JobError } from '../../src/errors.js';
import { memoryStore } from '../../src/journal/batch-store.js';
import { Manager } from '../../src/manager/manager.js';
import type { Attempt, EndedAttempt } from '../../src/network/network.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { makeSpec } from '../helpers/make-specs.js';
import { tempDir } from '../helpers/temp-dir.js';

/** Notes what may be cleared. */
class NotingNetwork extends SimulatedNetwork {
  readonly cleared: string[] = [];

  override clearJob({ id }: EndedAttempt): void {
    this.cleared.push(id);
  }

  /** The disk here is full for the third job. */
  override collectJob(attempt: Attempt, directory: string) {
    if (attempt.job !== '3') return super.collectJob(attempt, directory);
    return Promise.reject(new JobError('E_LOCAL_DISK', { what: 'full', where: 'here' }));
  }
}

/** Five jobs that say something, one after the other; the second fails twice. */
async function runBatch(
  directory: string | null,
  keepFailed = false,
): Promise<{ readonly cleared: string[]; readonly unsaid: string[] }> {
  const clock = new ManualClock();
  const plan = ({ job }: Attempt) =>
    job === '2' ? { stdout: 'x', outcome: { kind: 'failed', code: 1 } as const } : { stdout: 'x' };
  const network = new NotingNetwork({ hosts: ['h1'], clock, plan });
  const memory = memoryStore({ clock });
  const attemptDirectory = (job: string, n: number) => directory && `${directory}/${job}-${n}`;
  const store = { ...memory, directory, attemptDirectory };
  const manager = new Manager({ clock, store, retries: 1, keepFailed });
  const settled = new Set<string>();
  const unsaid: string[] = [];
  manager.subscribe((event) => {
    if ('job' in event && 'attempt' in event && event.type !== 'job.launched') settled.add(event.attempt);
    unsaid.push(...network.cleared.filter((id) => !settled.has(id)));
  });
  manager.setup(
    Array.from({ length: 5 }, (_, at) => makeSpec({ name: `j${at}` })),
    network,
  );
  await clock.runUntil(manager.processJobs());
  return { cleared: network.cleared.toSorted(), unsaid };
}

test('what was collected may be cleared once the journal says what came of it, the rest stays', async (t) => {
  const { cleared, unsaid } = await runBatch(await tempDir(t));
  t.deepEqual(cleared, ['1.1', '2.1', '2.2', '4.1', '5.1']);
  t.deepEqual(unsaid, []);
});

test('what failed stays when it is to be looked at', async (t) => {
  t.deepEqual((await runBatch(await tempDir(t), true)).cleared, ['1.1', '4.1', '5.1']);
});

test('without a directory here nothing is cleared', async (t) => {
  t.deepEqual((await runBatch(null)).cleared, []);
});
