// When a job is tried again and when a batch stops: by exit code, by a budget, by a halt rule. Runs on this machine.
import { Builder, LocalNetwork, Manager } from 'gpool';

const specs = new Builder()
  .addJob({ name: 'flaky', commands: ['[[ $GPOOL_ATTEMPT -gt 1 ]] || exit 75'] })
  .addJob({ name: 'steady', commands: ['true'] })
  .addJob({ name: 'wrong', commands: ['exit 2'], neverRetry: [2] })
  .addJob({ name: 'greedy', commands: ['kill -9 $$'] })
  .addJob({ name: 'later', commands: ['true'] })
  .makeJobSpecs();

const manager = new Manager({
  name: 'retries',
  // One job at a time and no waits, so that the lines come in the same order every time.
  maxRunning: 1,
  retries: 2,
  retryDelaySecs: 0,
  // A job that was killed would be killed again: that is worth all of its retries.
  retryCost: ({ outcome }) => (outcome.kind === 'killed' ? Number.POSITIVE_INFINITY : 1),
  halt: 'soon,fail=2',
});
const nameOf = (id: string): string => specs[Number(id) - 1]?.name ?? id;
manager.subscribe((event) => {
  if (event.type === 'job.requeued') console.log(`${nameOf(event.job)} is tried again`);
  if (event.type === 'job.done') console.log(`${nameOf(event.job)} is done`);
  if (event.type === 'job.failed') console.log(`${nameOf(event.job)} has failed: ${event.outcome.kind}`);
});
manager.setup(specs, new LocalNetwork({ slots: 1 }));
const { kind, reason, counts } = await manager.processJobs();
console.log(`${kind}: ${reason}`);
console.log(`${counts.free} jobs wait for someone to go on`);
