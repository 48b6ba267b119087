import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConnectCost } from '../connect-many.js';
import type { Lab } from '../lab.js';
import { type Contestant, type Measurement, scaled } from '../measurement.js';
import { runCommand } from '../run-command.js';

const PROGRAM = fileURLToPath(new URL('../connect-many.js', import.meta.url));
const CONNECTIONS = 300;
const BARE = 'ssh2 alone, all at once';
const RAMP = 'ssh2 alone, 32 logins at once as gpool';
const SHELLS = 'gpool, connected';
const NETWORK = 'gpool, hosts ready for jobs';

/** Names the places c1, c2, … in the configuration; they are shared out over the addresses that there are. */
async function namePlaces(lab: Lab): Promise<readonly string[]> {
  const { names, port } = lab.hosts;
  const places: string[] = [];
  for (let at = 0; at < scaled(lab, CONNECTIONS); at++) {
    const address = `127.0.0.${21 + (at % names.length)}`;
    await lab.hosts.addAlias(`c${at + 1}`, address, port);
    places.push(`${address}:${port}`);
  }
  return places;
}

/** The time of a run, and further rows for what else that run told. */
function contestants(lab: Lab, places: readonly string[], mode: string, name: string): Contestant[] {
  const kind = mode === 'bare' || mode === 'ramp' ? 'limit' : 'ours';
  let cost: ConnectCost = { seconds: Number.NaN, kbEach: Number.NaN, idlePercent: Number.NaN };
  const run = async () => {
    const root = lab.fresh('connected', lab.hostDirectory);
    const files = [lab.hosts.sshConfig, join(lab.directory, 'identity')];
    const args = [PROGRAM, mode, ...files, userInfo().username, root, ...places];
    cost = JSON.parse((await runCommand('node', args)).stdout);
    return cost.seconds;
  };
  return [
    { name, kind, run },
    { name: `${name}, memory each`, kind, unit: 'kB', run: async () => cost.kbEach },
    { name: `${name}, idle`, kind, unit: '% of a core', run: async () => cost.idlePercent },
  ];
}

export const connections: Measurement = {
  goal: 'P12',
  name: 'connections',
  what: `${CONNECTIONS} connections on loopback to one sshd, from nothing until all are up; then 10 s in which nothing is asked for`,
  unit: 's',
  targets: [
    { ours: SHELLS, against: BARE, most: 1.5 },
    { ours: SHELLS, against: RAMP, most: 1.5 },
    { ours: `${SHELLS}, memory each`, against: 250, most: 1 },
    { ours: `${NETWORK}, memory each`, against: 250, most: 1 },
    { ours: `${NETWORK}, idle`, against: 2, most: 1 },
  ],
  prepare: async (lab) => {
    const places = await namePlaces(lab);
    return [
      ...contestants(lab, places, 'shells', SHELLS),
      ...contestants(lab, places, 'bare', BARE).slice(0, 2),
      ...contestants(lab, places, 'ramp', RAMP).slice(0, 1),
      ...contestants(lab, places, 'network', NETWORK),
    ];
  },
};
