import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { NetworkEvent } from '../../../src/events/event.js';
import { SshNetwork, type SshNetworkOptions } from '../../../src/network/ssh-network.js';
import { type EmbeddedPoolOptions, startEmbeddedHosts } from '../../../src/testing/embedded-hosts.js';
import { type Teardown, tempDir } from '../../helpers/temp-dir.js';
import { waitFor } from '../../helpers/wait-for.js';
import { makeAttempt, openPool } from './pool.js';

const reconnect = { firstMs: 50, mostMs: 200 };

async function sshHosts(t: Teardown, options: EmbeddedPoolOptions) {
  const hosts = await startEmbeddedHosts(options);
  t.teardown(() => hosts.close());
  const directory = await tempDir(t);
  const connect = (more: SshNetworkOptions = {}) => {
    const names = hosts.hosts.map(({ name }) => name);
    return new SshNetwork({
      hosts: names,
      configFile: hosts.sshConfig,
      slots: 2,
      reconnect,
      cwd: directory,
      ...more,
    });
  };
  return { hosts, directory, connect };
}

const endsOf = (events: readonly NetworkEvent[]) =>
  events.flatMap((event) => (event.type === 'job.ended' ? [event.attempt] : []));

test.serial('a link that drops again and again costs no event and doubles none', async (t) => {
  const { hosts, directory, connect } = await sshHosts(t, { count: 1 });
  const pool = await openPool(t, connect(), directory, 'b1');
  const ids = Array.from({ length: 60 }, (_, at) => `${at + 1}.1`);
  await Promise.all(ids.map((id) => pool.launch(id, { commands: ['sleep 0.05; echo "$GPOOL_JOB"'] })));
  for (const reached of [5, 20, 40]) {
    await waitFor(() => endsOf(pool.events).length >= reached, { limitMs: 60_000, what: `${reached} jobs` });
    const ready = pool.count('host.ready');
    hosts.hosts[0]?.drop();
    await waitFor(() => pool.count('host.ready') > ready, { limitMs: 60_000, what: 'the reconnection' });
  }
  await waitFor(() => endsOf(pool.events).length >= ids.length, { limitMs: 60_000, what: 'all jobs' });
  t.deepEqual(endsOf(pool.events).sort(), [...ids].sort());
  t.is(pool.count('job.started'), ids.length);
  t.is(pool.count('host.lost'), 3);
  const attempt = makeAttempt('60.1', {}, 'host1');
  const collected = await pool.network.collectJob(attempt, join(directory, 'out'));
  t.is(collected.stdoutBytes, 3);
  t.is(await readFile(join(directory, 'out/stdout'), 'utf8'), '60\n');
});

test.serial('a second controller goes on where the first one stopped reading', async (t) => {
  const { directory, connect } = await sshHosts(t, { count: 1 });
  const first = await openPool(t, connect(), directory, 'b1');
  const ids = Array.from({ length: 30 }, (_, at) => `${at + 1}.1`);
  await Promise.all(ids.map((id) => first.launch(id, { commands: ['sleep 0.05'] })));
  await waitFor(() => endsOf(first.events).length >= 5);
  await first.network.close();
  const seen = [...first.events];
  const offset = Math.max(...seen.map((event) => ('offset' in event ? event.offset : 0)));
  const network = connect();
  const events: NetworkEvent[] = [];
  network.subscribe((event) => events.push(event));
  t.teardown(() => network.close({ cleanup: true }));
  await network.open({ batch: 'b1', offsets: { host1: offset } });
  await waitFor(() => endsOf(events).length + endsOf(seen).length >= ids.length, {
    limitMs: 60_000,
    what: 'the rest',
  });
  t.deepEqual([...endsOf(seen), ...endsOf(events)].sort(), [...ids].sort());
});

test.serial('a request to a host that is away says so at once, and its attempts are unknown', async (t) => {
  const { hosts, directory, connect } = await sshHosts(t, { count: 1 });
  const pool = await openPool(
    t,
    connect({ reconnect: { firstMs: 60_000, mostMs: 60_000 } }),
    directory,
    'b1',
  );
  const attempt = await pool.launch('1.1', { commands: ['sleep 300'] });
  await waitFor(() => pool.count('job.started') === 1);
  hosts.hosts[0]?.drop();
  await waitFor(() => pool.count('host.lost') === 1);
  await t.throwsAsync(pool.network.killJob(attempt), { code: 'E_CONN_LOST' });
  t.deepEqual([...(await pool.network.getJobStatus([attempt])).values()], [{ state: 'unknown' }]);
});

test.serial('a host that refuses the login fails once; the others go on', async (t) => {
  const hostOptions = { bad: { faults: { refuseAuth: true } } };
  const { directory, connect } = await sshHosts(t, { names: ['good', 'bad'], hostOptions });
  const pool = await openPool(t, connect(), directory, 'b1');
  const failed = pool.events.filter((event) => event.type === 'host.failed');
  t.like(failed, [{ host: 'bad', fault: { code: 'E_AUTH' } }]);
  await t.throwsAsync(pool.launch('1.1', {}, 'bad'), { code: 'E_AUTH' });
  t.is((await pool.ended(await pool.launch('2.1', {}, 'good'))).outcome.kind, 'succeeded');
});

test.serial(
  'a management node is asked for its workers in one request and never receives a job',
  async (t) => {
    const { hosts, directory, connect } = await sshHosts(t, { names: ['login', 'n1', 'n2'] });
    const resultsDir = join(directory, 'shared');
    const network = connect({ hosts: [], clusters: { login: ['n1', 'n2'] }, resultsDir });
    const pool = await openPool(t, network, directory, 'b1');
    t.deepEqual(
      network.getHosts().map(({ name }) => name),
      ['n1', 'n2'],
    );
    const attempts = [
      await pool.launch('1.1', {}, 'n1'),
      await pool.launch('2.1', { commands: ['false'] }, 'n2'),
    ];
    await Promise.all(attempts.map((attempt) => pool.ended(attempt)));
    for (const name of ['n1', 'n2']) await hosts.hosts.find((host) => host.name === name)?.close();
    t.deepEqual(
      [...(await pool.network.getJobStatus(attempts)).values()],
      [{ state: 'done' }, { state: 'error', outcome: { kind: 'failed', code: 1 } }],
    );
    await t.throwsAsync(pool.launch('3.1', {}, 'login'), { code: 'E_HOST_UNKNOWN' });
  },
);

test.serial(
  'init lines and variables of a host reach its jobs; init lines that fail, fail the host with what they said',
  async (t) => {
    const { directory, connect } = await sshHosts(t, { names: ['good', 'bad'] });
    const [good, bad] = connect().getHosts();
    if (!good || !bad) throw new Error('two hosts');
    const init = ['echo noise', 'export FROM_INIT="$FROM_ENV and init"'];
    const network = connect({
      hosts: [
        { ...good, init, env: { FROM_ENV: 'a "b" $c' } },
        { ...bad, init: ['echo no such module >&2', 'false'] },
      ],
    });
    const pool = await openPool(t, network, directory, 'b1');
    const attempt = await pool.launch('1.1', { commands: ['echo "$FROM_INIT"'] }, 'good');
    await pool.ended(attempt);
    t.is((await pool.network.getStdout(attempt)).toString(), 'a "b" $c and init\n');
    const [failed] = pool.events.filter((event) => event.type === 'host.failed');
    t.true(failed?.type === 'host.failed' && failed.fault.what.includes('no such module'));
  },
);
