// A night on a bad pool, in a few milliseconds: how would this batch fare? Nothing is run and nothing is connected to.
import { Builder, LoggingManager } from 'gpool';
import { failTimes, ManualClock, SimulatedNetwork } from 'gpool/testing';

const specs = new Builder()
  .setRepeat(6)
  .addJob({ name: 'fold', commands: ['./fold'] })
  .makeJobSpecs();

const clock = new ManualClock();
const hour = 3_600_000;
const network = new SimulatedNetwork({
  clock,
  hosts: [
    { name: 'good', slots: 2 },
    { name: 'slow', speed: 0.5 },
    // Loses power an hour into the night, and is back after two more.
    { name: 'shaky', outages: [{ atMs: hour, forMs: 2 * hour, reboots: true }] },
  ],
  // Every job takes two hours, and the fifth one fails at first.
  plan: (attempt) => ({ durationMs: 2 * hour, ...(attempt.job === '5' ? failTimes(1, 3)(attempt) : {}) }),
});

const manager = new LoggingManager({
  log: process.stdout,
  out: false,
  clock,
  placement: 'spread',
  retries: 1,
  retryDelaySecs: 0,
  sleepTimeInSecs: 3600,
});
manager.setup(specs, network);
const { counts } = await clock.runUntil(manager.processJobs());
console.log(`${counts.done} of ${specs.length} done after ${clock.elapsed() / hour} hours`);
