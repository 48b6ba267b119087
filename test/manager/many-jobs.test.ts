import { Writable } from 'node:stream';
import test from 'ava';
import { LoggingManager } from '../../src/manager/logging-manager.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { makeSpecs } from '../helpers/make-specs.js';

/** Counts how often it was asked for status. */
class CountingNetwork extends SimulatedNetwork {
  asked = 0;

  override getJobStatus(...given: Parameters<SimulatedNetwork['getJobStatus']>) {
    this.asked += 1;
    return super.getJobStatus(...given);
  }
}

test('1000 jobs on 50 hosts are launched in the order they were given, each once', async (t) => {
  let text = '';
  const log = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const clock = new ManualClock();
  const hosts = Array.from({ length: 50 }, (_, at) => ({ name: `lab${at + 1}`, slots: 2 }));
  const plan = ({ job }: { readonly job: string }) => ({ durationMs: 500 + ((Number(job) * 7919) % 2000) });
  const network = new CountingNetwork({ hosts, clock, plan });
  const manager = new LoggingManager({ clock, out: false, log });
  manager.setup(makeSpecs(1000), network);
  const { counts } = await clock.runUntil(manager.processJobs());
  t.is(counts.done, 1000);
  const launched = [...text.matchAll(/^LAUNCH \S+\/(\d+)\.1 /gm)].map(([, job]) => Number(job));
  t.deepEqual(
    launched,
    Array.from({ length: 1000 }, (_, at) => at + 1),
  );
  t.is(network.asked, 0, 'news come by themselves');
});
