import test, { type ExecutionContext } from 'ava';
import { SshNetwork } from '../../src/network/ssh-network.js';
import { startEmbeddedHosts } from '../../src/testing/embedded-hosts.js';
import { startSshdFarm } from '../helpers/sshd-farm.js';
import { sshdTest } from '../helpers/tiers.js';
import { networkConformance } from './conformance.js';

networkConformance('ssh2, embedded host', {
  register: test.serial,
  makePlace: async (t, slots) => {
    const pool = await startEmbeddedHosts({ names: ['lab01'] });
    t.teardown(() => pool.close());
    return { connect: () => new SshNetwork({ hosts: ['lab01'], configFile: pool.sshConfig, slots }) };
  },
});

for (const transport of ['ssh2', 'openssh'] as const) {
  networkConformance(`${transport}, sshd`, {
    register: (title, body) => sshdTest(title, body),
    makePlace: (t, slots) => startPlace(t, transport, slots),
  });
}

async function startPlace(t: ExecutionContext, transport: 'ssh2' | 'openssh', slots: number) {
  const farm = await startSshdFarm({ lab01: {} });
  t.teardown(() => farm.close());
  return {
    connect: () => new SshNetwork({ hosts: ['lab01'], configFile: farm.sshConfig, slots, transport }),
  };
}
