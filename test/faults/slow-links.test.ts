import { join } from 'node:path';
import { sshdTest } from '../helpers/tiers.js';
import { checkInvariants } from './harness/check-invariants.js';
import { Controller } from './harness/controller.js';
import { readHistory, restarts } from './harness/history.js';
import { startLab } from './harness/lab.js';

sshdTest(
  '200 ms there and back, and every twentieth packet lost: 200 short jobs, no failure, no host called lost',
  async (t) => {
    t.timeout(600_000);
    const lab = await startLab({ proxied: true, ssh: [] });
    t.teardown(() => lab.close());
    for (const proxy of lab.proxies) proxy.setMode({ kind: 'delay', ms: 100 });
    for (const machine of lab.machines) await lab.firewall.lose(machine, 0.05);
    const home = await lab.directory('home');
    const began = Date.now();
    const { code, stderr } = await Controller.run({ sshConfig: lab.sshConfig, home, jobs: 200 }).ended;
    t.log(`200 jobs in ${((Date.now() - began) / 1000).toFixed(1)} s`);
    t.is(code, 0, stderr);
    t.deepEqual(await checkInvariants(join(home, 'b'), await lab.witnesses()), []);
    const history = await readHistory(join(home, 'b'));
    const { hostsLost } = history;
    t.deepEqual(restarts(history), []);
    t.deepEqual(hostsLost, []);
  },
);
