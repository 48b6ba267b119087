// A Manager of your own: hooks for launches and successes, a listener for everything else. Runs on this machine.
import { Builder, type Job, LocalNetwork, Manager } from 'gpool';

class TalkingManager extends Manager {
  protected override handleJobLaunch(job: Job): void {
    console.log(`${job.spec.name} goes to ${job.host}`);
  }

  protected override handleJobDone(job: Job): void {
    const left = this.jobs.length - this.counts.done - this.counts.error;
    console.log(`${job.spec.name} is done, ${left} to go`);
  }
}

const specs = new Builder()
  .addJob({ name: 'fetch', commands: ['echo data > data.txt'] })
  .addJob({ name: 'check', commands: ['exit 4'] })
  .addJob({ name: 'report', commands: ['sleep 0.1'] })
  .makeJobSpecs();

// One job at a time, so that the lines come in the same order every time.
const manager = new TalkingManager({ name: 'talk', maxRunning: 1 });
manager.subscribe((event) => {
  if (event.type === 'job.failed')
    console.log(`attempt ${event.attempt} failed: ${JSON.stringify(event.outcome)}`);
});
manager.setup(specs, new LocalNetwork({ slots: 1 }));
const { counts } = await manager.processJobs();
console.log(`${counts.done} done, ${counts.error} failed`);
