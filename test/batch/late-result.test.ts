import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { BatchRun } from '../../src/batch/batch-run.js';
import { runBatch } from '../../src/batch/run-batch.js';
import type { Recorded } from '../../src/events/event.js';
import { parseHosts } from '../../src/spec/inventory/parse-hosts.js';
import { type EmbeddedHost, startEmbeddedHosts } from '../../src/testing/index.js';
import { makeSpec } from '../helpers/make-specs.js';
import { eventsOf } from '../helpers/simulate.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

interface Lost {
  readonly batch: BatchRun;
  readonly events: readonly Recorded[];
  readonly host: EmbeddedHost;
}

/** Ways in which what a silent host has counts as lost, and in which the host comes back. */
const WAYS: Readonly<Record<string, { lostAfterSecs?: number; lose?: Step; comeBack?: Step }>> = {
  'was silent for too long': { lostAfterSecs: 1 },
  'was removed by a person and added again': {
    lose: ({ batch, host: { name } }) =>
      batch.order({ kind: 'remove', hosts: [name], reason: 'away', now: true }),
    comeBack: ({ batch, host: { name } }) => batch.order({ kind: 'add', hosts: parseHosts(`1/${name}`) }),
  },
};
type Step = (lost: Lost) => Promise<unknown>;

for (const [how, way] of Object.entries(WAYS)) {
  test.serial(`a good result of a host that ${how} counts, and its job runs once`, (t) => tryWay(t, way));
}

/** One job waits for a file, on a host that falls silent; the other host is full until the end. */
async function tryWay(t: ExecutionContext, { lostAfterSecs, lose, comeBack }: (typeof WAYS)[string]) {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names: ['lab01', 'lab02'] });
  t.teardown(() => pool.close());
  t.teardown(() => ['go', 'end'].forEach((file) => void writeFileSync(join(cwd, file), '')));
  const wait = (file: string) => `until [[ -e ${cwd}/${file} ]]; do sleep 0.1; done`;
  const work = [
    `echo $GPOOL_ATTEMPT >> ${cwd}/ran`,
    wait('go'),
    'echo $GPOOL_ATTEMPT > out',
    `touch ${cwd}/went`,
  ];
  const returns = [{ pattern: 'out', optional: false }];
  const batch = await runBatch({
    name: 'late',
    specs: [makeSpec({ name: 'work', commands: work, returns }), makeSpec({ commands: [wait('end')] })],
    hosts: parseHosts('1/lab01,1/lab02'),
    options: { configFile: pool.sshConfig, copies: 0, ...(lostAfterSecs && { lostAfterSecs }) },
    cwd,
    out: join(cwd, 'b'),
    onLogError: (error) => t.fail(String(error)),
  });
  const events: Recorded[] = [];
  batch.subscribe((event) => events.push(event));
  const ended = batch.start();
  await waitFor(() => eventsOf(events, 'job.started').length === 2, { limitMs: 30_000, what: 'both starts' });
  const place = eventsOf(events, 'job.started').find(({ attempt }) => attempt === '1.1')?.host;
  const host = pool.hosts.find(({ name }) => name === place);
  if (!host) return t.fail('the job has no host');
  host.silence();
  host.drop();
  await waitFor(() => eventsOf(events, 'host.lost').length > 0, { limitMs: 30_000, what: 'the silence' });
  await lose?.({ batch, events, host });
  await waitFor(() => eventsOf(events, 'job.requeued').length === 1, { limitMs: 60_000, what: 'the loss' });
  writeFileSync(join(cwd, 'go'), '');
  await waitFor(() => existsSync(join(cwd, 'went')), { limitMs: 30_000, what: 'the end there' });
  host.restore();
  await comeBack?.({ batch, events, host });
  await waitFor(() => eventsOf(events, 'job.done').length === 1, {
    limitMs: 90_000,
    what: 'the late result',
  });
  writeFileSync(join(cwd, 'end'), '');
  t.is((await ended).summary.counts.done, 2);
  t.is(readFileSync(join(cwd, 'ran'), 'utf8'), '1\n');
  t.is(readFileSync(join(cwd, 'b/jobs/1/1/out'), 'utf8'), '1\n');
  t.is(eventsOf(events, 'job.launched').length, 2);
  t.is(eventsOf(events, 'job.returned').length, 1);
}
