// A batch from a script: jobs, repeats, an input file, a returned file. Runs on this machine.
import { Builder, LocalNetwork, LoggingManager } from 'gpool';

const specs = new Builder()
  .setRepeat(3)
  .addJob({
    name: 'dice',
    commands: ['echo "throw $GPOOL_REPEAT" > throw.txt', 'cat throw.txt'],
    returns: ['throw.txt'],
  })
  .addJob({ name: 'sum', commands: ['echo $((1 + 2 + 3))'], repeat: 1 })
  .makeJobSpecs();

const manager = new LoggingManager({ log: process.stderr, name: 'builder' });
manager.setup(specs, new LocalNetwork({ slots: 2 }));
const summary = await manager.processJobs();

for (const job of manager.jobs) console.log(`${job.id} ${job.spec.name} ${job.state}`);
console.log(`${summary.counts.done} of ${specs.length} done`);
