import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { loadBatch } from '../../src/batch/load-batch.js';
import { resumeBatch } from '../../src/batch/resume-batch.js';
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

test.serial(
  'a result that is ready when a host counted as lost returns does not overwrite the one accepted',
  async (t) => {
    const cwd = await tempDir(t);
    const pool = await startEmbeddedHosts({ names: ['lab01', 'lab02'] });
    t.teardown(() => pool.close());
    const wait = (file: string) => `until [[ -e ${cwd}/${file} ]]; do sleep 0.3; done`;
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
    await waitFor(() => eventsOf(events, 'job.started').length === 2, {
      limitMs: 60_000,
      what: 'both starts',
    });
    const place = eventsOf(events, 'job.started').find(({ attempt }) => attempt === '1.1')?.host;
    const host = pool.hosts.find(({ name }) => name === place);
    host?.silence();
    host?.drop();
    await waitFor(() => eventsOf(events, 'job.done').length === 1, {
      limitMs: 60_000,
      what: 'the second try',
    });
    writeFileSync(join(cwd, 'go'), '');
    await waitFor(() => existsSync(join(cwd, 'went')), { limitMs: 60_000, what: 'the end of the first try' });
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
  },
);

test.serial(
  'a batch that was left is gone on with elsewhere when a person says that its host is lost',
  async (t) => {
    const cwd = await tempDir(t);
    const pool = await startEmbeddedHosts({ names: ['lab01', 'lab02'] });
    t.teardown(() => pool.close());
    const onLogError = (error: unknown): void => {
      throw error;
    };
    const out = join(cwd, 'b');
    const commands = ['if ((GPOOL_ATTEMPT == 1)); then sleep 1000; fi', 'echo $GPOOL_ATTEMPT'];
    const first = await runBatch({
      name: 'left',
      specs: [makeSpec({ commands })],
      hosts: parseHosts('1/lab01,1/lab02'),
      options: { configFile: pool.sshConfig, placement: 'pack' },
      cwd,
      out,
      onLogError,
    });
    const started: string[] = [];
    first.subscribe((event) => event.type === 'job.started' && started.push(event.host));
    const left = first.start();
    await waitFor(() => started.length === 1, { limitMs: 60_000, what: 'the start' });
    first.stop('closing the laptop');
    t.is((await left).summary.kind, 'stopped');
    const host = pool.hosts.find(({ name }) => name === started[0]);
    host?.silence();
    const options = { lostAfterSecs: 1 };
    const second = await resumeBatch({ directory: new BatchDirectory(out), cwd, options, onLogError });
    t.is((await second.start()).summary.counts.done, 1);
    t.is(readFileSync(join(out, 'jobs/1/2/stdout'), 'utf8'), '2\n');
    host?.restore();
  },
);
