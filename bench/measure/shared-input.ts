import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { startCountingProxy } from '../count/counting-proxy.js';
import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Measurement, scaled } from '../measurement.js';
import { writeNumbers } from '../numbers.js';

const INPUT_BYTES = 50_000_000;
const HOSTS = 16;

/** Bytes that went to the hosts over the size of the input. The hosts' directories are kept apart by their names. */
async function timesSent(lab: Lab, input: string, root: string): Promise<number> {
  const { names, port, address } = lab.hosts;
  const numbers = await writeNumbers(lab.fresh('numbers'), scaled(lab, 1000));
  const proxies = await Promise.all(names.slice(0, HOSTS).map(() => startCountingProxy(port, address)));
  const hosts: string[] = [];
  for (const proxy of proxies) {
    const name = `counted${proxy.port}`;
    await lab.hosts.addAlias(name, '127.0.0.1', proxy.port);
    hosts.push(`2/${name}`);
  }
  const rest = ['-a', numbers, '--file', `${input}:input`, '--', 'test -s input # {}'];
  await runGpool(lab, hosts, rest, { root });
  for (const proxy of proxies) await proxy.close();
  return proxies.reduce((sum, { bytes }) => sum + bytes.up, 0) / scaled(lab, INPUT_BYTES);
}

export const sharedInput: Measurement = {
  goal: 'P9',
  name: 'shared-input',
  what: `one 50 MB input of 1,000 jobs on ${HOSTS} hosts, which share a cache here: they are one machine with one root`,
  unit: '× its size',
  targets: [
    { ours: 'first batch', against: HOSTS, most: 1.02 },
    { ours: 'second batch', against: 1, most: 0.02 },
  ],
  prepare: async (lab) => {
    let input = '';
    let root = '';
    const first = async () => {
      input = lab.fresh('input');
      root = lab.fresh('shared', lab.hostDirectory);
      // Each job gets a copy of its own, which goes when it has ended.
      await writeFile(input, randomBytes(scaled(lab, INPUT_BYTES)));
      return timesSent(lab, input, root);
    };
    return [
      { name: 'first batch', kind: 'ours', run: first },
      { name: 'second batch', kind: 'ours', run: () => timesSent(lab, input, root) },
    ];
  },
};
