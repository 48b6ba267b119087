import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { SshNetwork } from '../../../src/network/ssh-network.js';
import { startEmbeddedHosts } from '../../../src/testing/index.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { waitFor } from '../../helpers/wait-for.js';
import { makeAttempt, openPool } from './pool.js';

test.serial(
  '500 open jobs of a cluster are asked about in one request, whatever the login files print',
  async (t) => {
    const directory = await tempDir(t);
    const counted = 'echo Welcome; echo >> "$HOME/sessions"; eval "$SSH_ORIGINAL_COMMAND"';
    const hosts = await startEmbeddedHosts({
      names: ['login', 'n1', 'n2'],
      hostOptions: { login: { faults: { forceCommand: counted } } },
    });
    t.teardown(() => hosts.close());
    const network = new SshNetwork({
      hosts: [],
      clusters: { login: ['n1', 'n2'] },
      resultsDir: join(directory, 'shared'),
      configFile: hosts.sshConfig,
      slots: 1,
    });
    const pool = await openPool(t, network, directory, 'b1');
    const wait = { commands: [`until [ -e ${directory}/go ]; do sleep 0.3; done`] };
    const attempts = await Promise.all(
      Array.from({ length: 500 }, (_, at) => pool.launch(`${at + 1}.1`, wait, at % 2 ? 'n1' : 'n2')),
    );
    await waitFor(() => pool.count('job.started') === 2, { limitMs: 60_000, what: 'a start on each worker' });
    const home = hosts.hosts[0]?.home ?? '';
    const sessions = async (): Promise<number> => (await readFile(join(home, 'sessions'), 'utf8')).length;
    const before = await sessions();
    const statuses = await network.getJobStatus(attempts);
    t.is((await sessions()) - before, 1);
    const strange = await network.getJobStatus([makeAttempt('9999.1', {}, 'n1')]);
    t.deepEqual(strange.get('9999.1'), { state: 'unknown', gone: true });
    const states = attempts.map(({ id }) => statuses.get(id)?.state);
    const count = (state: string): number => states.filter((other) => other === state).length;
    t.deepEqual([count('busy'), count('free')], [2, 498], 'one runs on each worker, the others wait there');
  },
);
