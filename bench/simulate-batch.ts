// A program of its own, so that its memory is its own. Runs so many jobs on 1,000 simulated hosts of 8 slots and prints
// `<seconds> <peak MiB>`: simulate-batch.js JOBS [BATCH DIRECTORY, without: kept in memory]
import { Manager } from '../src/manager/manager.js';
import type { Attempt } from '../src/network/network.js';
import { SimulatedNetwork } from '../src/network/simulated/simulated-network.js';
import { Builder } from '../src/spec/builder.js';
import { ManualClock } from '../src/testing/manual-clock.js';

/** 0.5 to 1.5 s, different for jobs that follow each other: about eighty end at once. */
function planAttempt({ job }: Attempt) {
  return PLANS[(Number(job) * 37) % PLANS.length] ?? {};
}

const PLANS = Array.from({ length: 100 }, (_, at) => ({ durationMs: 500 + at * 10 }));

async function simulateBatch(jobs: number, out: string | false): Promise<number> {
  const clock = new ManualClock();
  const hosts = Array.from({ length: 1000 }, (_, index) => ({ name: `h${index + 1}`, slots: 8 }));
  const network = new SimulatedNetwork({ hosts, clock, plan: planAttempt });
  const specs = new Builder()
    .setRepeat(jobs)
    .addJob({ commands: ['true'], name: 'job' })
    .makeJobSpecs();
  const manager = new Manager({ clock, out });
  const started = performance.now();
  manager.setup(specs, network);
  const summary = await clock.runUntil(manager.processJobs());
  const seconds = (performance.now() - started) / 1000;
  if (summary.counts.done !== jobs) throw new Error(`${summary.counts.done} of ${jobs} jobs are done`);
  return seconds;
}

const [jobs = '10000', out] = process.argv.slice(2);
const seconds = await simulateBatch(Number(jobs), out ?? false);
process.stdout.write(`${seconds} ${process.resourceUsage().maxRSS / 1024}\n`);
