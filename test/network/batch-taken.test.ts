import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { Recorded } from '../../src/events/event.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { Manager } from '../../src/manager/manager.js';
import { SshNetwork } from '../../src/network/ssh-network.js';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { makeSpec } from '../helpers/make-specs.js';
import { eventsOf } from '../helpers/simulate.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

test('a batch that overlaps itself is refused on every host, and the first one ends with its own outputs', async (t) => {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names: ['lab01', 'lab02'] });
  t.teardown(() => pool.close());
  t.teardown(() => writeFile(join(cwd, 'go'), ''));
  const night = (out: string) => {
    const wait = `until [[ -e ${cwd}/go ]]; do sleep 0.3; done`;
    const specs = ['1', '2'].map(() =>
      makeSpec({ commands: [`echo ${out} >> ${cwd}/ran`, wait, `echo ${out} $GPOOL_JOB`] }),
    );
    const network = new SshNetwork({ hosts: ['1/lab01', '1/lab02'], configFile: pool.sshConfig });
    const manager = new Manager({ batchId: 'nightly', out: join(cwd, out) });
    const events: Recorded[] = [];
    manager.subscribe((event) => events.push(event));
    manager.setup(specs, network);
    return { manager, events };
  };
  const first = night('first');
  const ended = first.manager.processJobs();
  await waitFor(() => existsSync(join(cwd, 'ran')) && eventsOf(first.events, 'job.started').length === 2, {
    limitMs: 60_000,
    what: 'the jobs of the first',
  });

  const second = night('second');
  const { counts } = await second.manager.processJobs();
  t.is(counts.done, 0);
  const refused = eventsOf(second.events, 'host.failed');
  t.deepEqual(refused.map(({ host }) => host).sort(), ['lab01', 'lab02']);
  for (const { fault } of refused) t.is(fault.code, 'E_BATCH_TAKEN');

  await writeFile(join(cwd, 'go'), '');
  t.is((await ended).counts.done, 2);
  const directory = new BatchDirectory(join(cwd, 'first'));
  for (const job of ['1', '2'])
    t.is(readFileSync(join(directory.attemptDirectory(job, 1), 'stdout'), 'utf8'), `first ${job}\n`);
  t.deepEqual(readFileSync(join(cwd, 'ran'), 'utf8'), 'first\nfirst\n');
});
