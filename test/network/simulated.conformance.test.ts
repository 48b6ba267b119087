import test from 'ava';
import { systemClock } from '../../src/clock.js';
import type { AttemptPlan, Plan } from '../../src/network/simulated/plan.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import { networkConformance } from './conformance.js';

const PLANS: Readonly<Record<string, AttemptPlan>> = {
  'too long': { durationMs: 20, outcome: { kind: 'timed-out' } },
  sleeper: { durationMs: Number.POSITIVE_INFINITY },
  'long nap': { durationMs: 100, stdout: 'awake\n' },
  writer: { durationMs: 2, stdout: 'to stdout\n', stderr: 'to stderr\n' },
  leaver: { durationMs: 2, stdout: 'here\n' },
  returner: { durationMs: 2, files: { 'out/a.csv': '1,2\n' } },
};

const plan: Plan = ({ spec }) => {
  const [word = '', number] = spec.name.split(' ');
  if (word === 'exit' && number !== '0')
    return { durationMs: 2, outcome: { kind: 'failed', code: Number(number) } };
  if (word === 'signal') return { durationMs: 2, outcome: { kind: 'killed', signal: Number(number) } };
  return PLANS[spec.name] ?? { durationMs: 50 };
};

networkConformance('simulated', {
  register: test,
  makePlace: async (_t, slots) => {
    const network = new SimulatedNetwork({ hosts: [{ name: 'sim01', slots }], clock: systemClock, plan });
    return { connect: () => network };
  },
  exceptions: { 'a job sees its environment, its host and its slot': 'it runs no command' },
});
