import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { loadBatch } from '../../src/batch/load-batch.js';
import { runBatch } from '../../src/batch/run-batch.js';
import type { Recorded } from '../../src/events/event.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { tellingAttempt } from '../../src/queue/job.js';
import { parseHosts } from '../../src/spec/inventory/parse-hosts.js';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { makeSpec } from '../helpers/make-specs.js';
import { eventsOf } from '../helpers/simulate.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

test('a result that is ready when a host counted as lost returns does not overwrite the one accepted', async (t) => {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names: ['lab01', 'lab02'] });
  t.teardown(() => pool.close());
  const wait = (file: string) => `until [[ -e ${cwd}/${file} ]]; do sleep 0.1; done`;
  const batch = await runBatch({
    name: 'lost',
    specs: [
      makeSpec({
        name: 'work',
        commands: [
          `if ((GPOOL_ATTEMPT == 1)); then ${wait('go')}; touch ${cwd}/went; fi`,
          'echo $GPOOL_ATTEMPT',
        ],
      }),
      makeSpec({ name: 'keep', commands: [wait('end')], repeatable: false }),
    ],
    hosts: parseHosts('2/lab01,2/lab02'),
    options: { configFile: pool.sshConfig, lostAfterSecs: 1, copies: 0, placement: 'spread' },
    cwd,
    out: join(cwd, 'b'),
    onLogError: (error) => {
      throw error;
    },
  });
  const events: Recorded[] = [];
  batch.subscribe((event) => events.push(event));
  const ended = batch.start();
  await waitFor(() => eventsOf(events, 'job.started').length === 2, { limitMs: 30_000, what: 'both starts' });
  const place = eventsOf(events, 'job.started').find(({ attempt }) => attempt === '1.1')?.host;
  const host = pool.hosts.find(({ name }) => name === place);
  host?.silence();
  host?.drop();
  await waitFor(() => eventsOf(events, 'job.done').length === 1, { limitMs: 60_000, what: 'the second try' });
  writeFileSync(join(cwd, 'go'), '');
  await waitFor(() => existsSync(join(cwd, 'went')), { limitMs: 30_000, what: 'the end of the first try' });
  host?.restore();
  const late = () => eventsOf(events, 'job.ended').some(({ attempt }) => attempt === '1.1');
  await waitFor(late, { limitMs: 90_000, what: 'the late news' });
  writeFileSync(join(cwd, 'end'), '');
  t.is((await ended).summary.counts.done, 2);

  t.deepEqual(
    eventsOf(events, 'job.done').map(({ attempt }) => attempt),
    ['1.2', '2.1'],
  );
  const { state } = await loadBatch(new BatchDirectory(join(cwd, 'b')));
  const [job] = state.jobs;
  t.is(job && tellingAttempt(job)?.id, '1.2');
  t.is(job?.attempts[0]?.outcome?.kind, 'lost');
  t.is(readFileSync(join(cwd, 'b/jobs/1/2/stdout'), 'utf8'), '2\n');
});
