import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { runBatch } from '../../src/batch/run-batch.js';
import type { Recorded } from '../../src/events/event.js';
import { parseHosts } from '../../src/spec/inventory/parse-hosts.js';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { makeSpec } from '../helpers/make-specs.js';
import { eventsOf } from '../helpers/simulate.js';
import { tempDir } from '../helpers/temp-dir.js';

const HARMS: Readonly<Record<string, string>> = {
  'the helper': 'rm -f ~/.gjob/bin/*',
  'the directory of the helper': 'rm -rf ~/.gjob/bin',
};

for (const [what, harm] of Object.entries(HARMS)) {
  test.serial(`a job that removes ${what} costs a connection, and no result`, async (t) => {
    const cwd = await tempDir(t);
    const pool = await startEmbeddedHosts({ names: ['lab01'] });
    t.teardown(() => pool.close());
    const returns = [{ pattern: 'out', optional: false }];
    const specs = Array.from({ length: 6 }, () =>
      makeSpec({ commands: [harm, `echo $GPOOL_JOB >> ${cwd}/ran`, 'echo $GPOOL_JOB > out'], returns }),
    );
    const batch = await runBatch({
      name: 'harmed',
      specs,
      hosts: parseHosts('2/lab01'),
      options: { configFile: pool.sshConfig },
      cwd,
      out: join(cwd, 'b'),
      onLogError: (error) => t.fail(String(error)),
    });
    const events: Recorded[] = [];
    batch.subscribe((event) => events.push(event));
    t.is(await batch.start().then(() => eventsOf(events, 'job.done').length), 6);
    t.is(readFileSync(join(cwd, 'ran'), 'utf8').trim().split('\n').length, 6);
    t.deepEqual(eventsOf(events, 'job.requeued'), []);
    for (const { fault } of eventsOf(events, 'host.lost')) t.is(fault.code, 'E_CONN_LOST');
  });
}
