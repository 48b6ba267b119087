import test from 'ava';
import { createOpensshShell } from '../../../src/network/shell/openssh/openssh-shell.js';
import { createSsh2Shell } from '../../../src/network/shell/ssh2/ssh2-shell.js';
import { startEmbeddedHosts } from '../../../src/testing/embedded-hosts.js';
import { startSshdFarm } from '../../helpers/sshd-farm.js';
import { sshdTest } from '../../helpers/tiers.js';
import { tryFaultyTransfers } from './transfer-faults.js';

test.serial('ssh2: over a bad link a copy is identical or said to have failed', async (t) => {
  const { hosts, identity, close } = await startEmbeddedHosts();
  t.teardown(close);
  const [host] = hosts;
  if (host === undefined) return t.fail('there is no host');
  await tryFaultyTransfers(
    t,
    createSsh2Shell,
    { address: host.address, port: host.port, home: host.home, identity },
    30,
  );
});

// OpenSSH's client takes about a second to renew its keys here, so it gets fewer rounds.
for (const [name, create, rounds] of [
  ['ssh2', createSsh2Shell, 30],
  ['openssh', createOpensshShell, 12],
] as const) {
  sshdTest(
    `${name} to sshd: over a bad link, with keys renewed often, a copy is identical or said to have failed`,
    async (t) => {
      const { hosts, identity, close } = await startSshdFarm({ rekey: { config: ['RekeyLimit 1M'] } });
      t.teardown(close);
      const [host] = hosts;
      if (host === undefined) return t.fail('there is no host');
      await tryFaultyTransfers(t, create, { ...host, identity }, rounds);
    },
  );
}
