import { runAgentAlone } from '../agent-host.js';
import { type Measurement, scaled } from '../measurement.js';
import { runBareLoop } from '../peers/bare-loop.js';

const SLOTS = 8;

export const hostAlone: Measurement = {
  goal: 'P3',
  name: 'host-alone',
  what: `the host alone: an agent with a full backlog of short jobs, ${SLOTS} slots, no controller`,
  unit: 'jobs/s',
  targets: [{ ours: 'gjob agent', against: 'bare bash loop', least: 1.1 }],
  prepare: async (lab) => [
    { name: 'gjob agent', kind: 'ours', run: () => runAgentAlone(lab, scaled(lab, 5000), SLOTS) },
    { name: 'bare bash loop', kind: 'limit', run: () => runBareLoop(lab, scaled(lab, 5000), SLOTS) },
  ],
};
