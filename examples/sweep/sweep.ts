// A sweep: a grid of parameters with a constraint, one job for each point.
import { Builder, LocalNetwork, Manager } from 'gpool';

const specs = new Builder()
  .addSweep(
    { low: [1, 2, 3], high: [2, 3] },
    ({ low, high }) => ({ name: `range-${low}-${high}`, commands: [`seq -s ' ' ${low} ${high}`] }),
    { where: ({ low, high }) => low < high },
  )
  .makeJobSpecs();

console.log(`${specs.length} jobs: ${specs.map((spec) => spec.name).join(', ')}`);

const network = new LocalNetwork({ slots: 2 });
const manager = new Manager({ name: 'sweep' });
manager.setup(specs, network);
const { counts } = await manager.processJobs();
console.log(`done ${counts.done}, error ${counts.error}`);
