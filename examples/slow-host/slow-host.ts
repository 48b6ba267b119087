// What copies are worth: one of eight hosts is ten times slower than the others. Nothing is run and nothing is connected to.
import { Builder, Manager } from 'gpool';
import { ManualClock, SimulatedNetwork } from 'gpool/testing';

const minute = 60_000;
const specs = new Builder()
  .setRepeat(80)
  .addJob({ name: 'sim', commands: ['./sim'] })
  .makeJobSpecs();
const names = ['lab01', 'lab02', 'lab03', 'lab04', 'lab05', 'lab06', 'lab07', 'lab08'];

for (const copies of [0, 1]) {
  const clock = new ManualClock();
  const network = new SimulatedNetwork({
    clock,
    hosts: names.map((name) => ({ name, speed: name === 'lab03' ? 0.1 : 1 })),
    // Every job takes ten minutes.
    plan: () => ({ durationMs: 10 * minute }),
  });
  const manager = new Manager({ copies, out: false, clock, random: () => 0 });
  manager.setup(specs, network);
  await clock.runUntil(manager.processJobs());
  const copied = manager.jobs.flatMap(({ attempts }) => attempts.filter(({ copy }) => copy)).length;
  console.log(
    `copies: ${copies} → ${copied} made, all done after ${Math.round(clock.elapsed() / minute)} minutes`,
  );
}
