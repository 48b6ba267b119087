import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { BatchRun } from '../../src/batch/batch-run.js';
import { runBatch } from '../../src/batch/run-batch.js';
import { parseHosts } from '../../src/spec/inventory/parse-hosts.js';
import { type EmbeddedPool, startEmbeddedHosts } from '../../src/testing/index.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

/** How long after the stop the jobs are cancelled, milliseconds: while the batch runs on, lets go of its hosts, has ended. */
const MOMENTS = [0, 1, 2, 3, 5, 8, 12, 20, 50, 300];

for (const ms of MOMENTS) {
  test.serial(
    `a batch that is cancelled ${ms} ms after it was stopped ends its job on the host`,
    async (t) => {
      const cwd = await tempDir(t);
      const pool = await startEmbeddedHosts({ names: ['lab01'] });
      t.teardown(() => pool.close());
      const batch = await startBatch(cwd, pool);
      const ended = batch.start();
      await waitFor(() => existsSync(join(cwd, 'started')), {
        limitMs: 60_000,
        what: 'the start of the job',
      });
      batch.stop('enough');
      await sleep(ms);
      await batch.cancel();
      await ended;
      await waitFor(() => existsSync(join(cwd, 'ended')), { limitMs: 60_000, what: 'the end of the job' });
      t.pass();
    },
  );
}

function startBatch(cwd: string, { sshConfig }: EmbeddedPool): Promise<BatchRun> {
  const script = `trap 'touch ${cwd}/ended; exit' TERM; touch ${cwd}/started; until false; do sleep 0.3; done`;
  return runBatch({
    name: 'race',
    specs: makeSpecs(1, { commands: [script] }),
    hosts: parseHosts('1/lab01'),
    options: { configFile: sshConfig },
    cwd,
    out: join(cwd, 'b'),
    onLogError: (error) => {
      throw error;
    },
  });
}
