import { startTcpProxy } from '../../test/helpers/tcp-proxy.js';
import type { Lab } from '../lab.js';
import { type Measurement, scaled } from '../measurement.js';
import { gpoolRate } from './throughput.js';

const ONE_WAY_MS = 100;

/** The proxy stands for as long as the rate is measured. */
async function rateBehindProxy(lab: Lab, name: string, ms: number): Promise<number> {
  const { address, port } = lab.hosts;
  const proxy = await startTcpProxy({ address, port }, ms > 0 ? { kind: 'delay', ms } : { kind: 'pass' });
  try {
    await lab.hosts.addAlias(name, '127.0.0.1', proxy.port);
    return await gpoolRate(lab, [`8/${name}`], scaled(lab, 10_000));
  } finally {
    await proxy.close();
  }
}

export const farHost: Measurement = {
  goal: 'P4',
  name: 'far-host',
  what: `short jobs on one host ${2 * ONE_WAY_MS} ms away (a proxy that holds each chunk back), start-up included`,
  unit: 'jobs/s',
  targets: [{ ours: 'gpool, far', against: 'gpool, near', least: 0.9 }],
  prepare: async (lab) => {
    let turn = 0;
    return [
      { name: 'gpool, far', kind: 'ours', run: () => rateBehindProxy(lab, `far${++turn}`, ONE_WAY_MS) },
      { name: 'gpool, near', kind: 'ours', run: () => rateBehindProxy(lab, `near${++turn}`, 0) },
    ];
  },
};
