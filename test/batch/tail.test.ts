import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { loadBatch } from '../../src/batch/load-batch.js';
import { runBatch } from '../../src/batch/run-batch.js';
import type { BatchEnd } from '../../src/batch/watched-batch.js';
import type { Recorded } from '../../src/events/event.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { type Job, tellingAttempt } from '../../src/queue/job.js';
import { parseHosts } from '../../src/spec/inventory/parse-hosts.js';
import { type EmbeddedPool, startEmbeddedHosts } from '../../src/testing/index.js';
import { makeSpec } from '../helpers/make-specs.js';
import { eventsOf } from '../helpers/simulate.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

interface Story {
  readonly end: BatchEnd;
  readonly events: readonly Recorded[];
  /** By the journal. */
  readonly jobs: readonly Job[];
  /** Attempts that began, by what they wrote down on their hosts. */
  readonly witness: readonly string[];
  readonly cwd: string;
  readonly pool: EmbeddedPool;
}

/** Runs the script as so many jobs on two real hosts of one slot each; `$W` is a directory for notes of its own. */
async function runOnTwo(t: ExecutionContext, script: string, count: number): Promise<Story> {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names: ['lab01', 'lab02'] });
  t.teardown(() => pool.close());
  const noted = `W=${cwd}; echo "$GPOOL_JOB.$GPOOL_ATTEMPT" >> "$W/witness"\n${script}`;
  const batch = await runBatch({
    name: 'tail',
    specs: Array.from({ length: count }, (_, at) => makeSpec({ name: `job-${at + 1}`, commands: [noted] })),
    hosts: parseHosts('1/lab01,1/lab02'),
    options: { configFile: pool.sshConfig },
    cwd,
    out: join(cwd, 'b'),
    onLogError: (error) => {
      throw error;
    },
  });
  const events: Recorded[] = [];
  batch.subscribe((event) => events.push(event));
  const end = await batch.start();
  const { state } = await loadBatch(new BatchDirectory(join(cwd, 'b')));
  const witness = readFileSync(join(cwd, 'witness'), 'utf8').trimEnd().split('\n');
  return { end, events, jobs: state.jobs, witness, cwd, pool };
}

test.serial(
  'a job that hangs on a real host is copied; the copy counts, and nothing of the loser stays',
  async (t) => {
    const script = `if [[ $GPOOL_JOB.$GPOOL_ATTEMPT == 1.1 ]]; then
    trap 'echo late; touch "$W/told"; exit 0' TERM
    echo $$ > "$W/pid"
    for ((;;)); do sleep 0.1; done
  fi
  echo "by $GPOOL_ATTEMPT"; sleep 0.1`;
    const { end, events, jobs, witness, cwd } = await runOnTwo(t, script, 6);
    t.is(end.summary.kind, 'complete');
    t.is(end.summary.counts.done, 6);
    t.deepEqual(
      eventsOf(events, 'job.copied').map(({ attempt }) => attempt),
      ['1.2'],
    );
    t.is(new Set(witness).size, witness.length, 'no attempt ran twice');
    t.true(existsSync(join(cwd, 'told')));
    const pid = readFileSync(join(cwd, 'pid'), 'utf8').trim();
    await waitFor(() => !existsSync(`/proc/${pid}`), { limitMs: 60_000, what: 'the end of the loser' });
    const [job] = jobs;
    t.is(job && tellingAttempt(job)?.id, '1.2');
    t.like(job?.attempts[0], { outcome: { kind: 'cancelled' }, collected: null });
    t.is(readFileSync(join(cwd, 'b/jobs/1/2/stdout'), 'utf8'), 'by 2\n');
    t.false(existsSync(join(cwd, 'b/jobs/1/1')), 'what the loser wrote was not fetched');
  },
);

test.serial(
  'what waits on a slow real host is taken back for the one that idles, and runs once',
  async (t) => {
    // Both begin with short jobs, so that some wait there; then one on lab02 ends when all others have begun.
    const script = `begun() { wc -l < "$W/witness"; }
    touch "$W/$GPOOL_HOST"
    until [[ -e $W/lab01 && -e $W/lab02 ]]; do sleep 0.3; done
    (($(begun) < 30)) || until [[ $GPOOL_HOST == lab01 ]] || (($(begun) >= 99)); do sleep 0.3; done`;
    const { end, events, jobs, witness } = await runOnTwo(t, script, 100);
    t.is(end.summary.counts.done, 100);
    t.is(new Set(witness).size, witness.length, 'no attempt ran twice');
    const begun = new Set(witness.map((attempt) => attempt.split('.')[0]));
    t.is(begun.size, 100);
    const recalled = jobs
      .flatMap(({ attempts }) => attempts)
      .filter(({ outcome }) => outcome?.kind === 'recalled');
    t.true(recalled.length > 0);
    t.true(recalled.every(({ id, startedAt }) => startedAt === null && !witness.includes(id)));
    t.log(`${eventsOf(events, 'job.recalled').length} asked back, ${recalled.length} came back`);
  },
);

test.serial('after a batch with a loser its directories on the hosts are gone', async (t) => {
  const script = `if [[ $GPOOL_JOB.$GPOOL_ATTEMPT == 1.1 ]]; then echo out; exec sleep 1000; fi; sleep 0.1`;
  const { end, pool } = await runOnTwo(t, script, 6);
  t.is(end.summary.counts.done, 6);
  for (const host of pool.hosts) {
    const left = await readdir(join(host.home, '.gjob', host.name)).catch(() => []);
    t.deepEqual(left, [], host.name);
  }
});
