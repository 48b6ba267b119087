import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { Network } from '../../src/network/network.js';
import type { Shell } from '../../src/network/shell/shell.js';
import { createSsh2Shell } from '../../src/network/shell/ssh2/ssh2-shell.js';
import { SshNetwork } from '../../src/network/ssh-network.js';
import { type Random, seededRandom } from '../../src/random.js';
import { type EmbeddedPool, startEmbeddedHosts } from '../../src/testing/index.js';
import { startTcpProxy } from '../helpers/tcp-proxy.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';
import { makeAttempt } from '../network/direct/pool.js';
import { faultTest, inLanes } from './fault-test.js';
import { FULL, faultSeed } from './harness/effort.js';

/** Four unanswered half seconds, and a link is dead; so is a connect of two seconds. */
const TIMERS = { keepaliveMs: 500, keepaliveCount: 3, connectTimeoutMs: 2000 };

/** What may still wait once the link is known to be dead. */
const PENDING_MS = 5000;

const TRIALS_EACH = FULL ? 40 : 5;

/** Everything that a Shell does over a connection; the file has 4 MB, here and there. */
const SHELL_CALLS: Readonly<Record<string, (shell: Shell, file: string, nth: number) => Promise<unknown>>> = {
  run: (shell) => shell.run('sleep 0.01; echo x'),
  'run with input': (shell) => shell.run('cat', { input: Buffer.alloc(3_000_000) }),
  start: async (shell) => (await shell.start('cat')).ended,
  'open to write, write': (shell, file, nth) => shell.putFile(file, `${file}.up-${Math.random()}-${nth}`),
  'open to read, read': (shell, file, nth) =>
    shell.getFile(file, `${file}.down-${Math.random()}-${nth}`, 4_000_000),
};

/** Everything that a Network asks of a host, about an attempt that runs and one that has ended. */
const NETWORK_CALLS: Readonly<
  Record<string, (network: Network, nth: number, directory: string) => Promise<unknown>>
> = {
  launchJob: (network, nth) => network.launchJob(makeAttempt(`${100 + nth}.1`, {}, 'host1')),
  'launchJob with an upload and its rename': (network, nth) => {
    const files = [{ source: 'input', target: `input-${nth}` }];
    return network.launchJob(makeAttempt(`${100 + nth}.1`, { files }, 'host1'));
  },
  getJobStatus: (network) => network.getJobStatus([RUNNING, ENDED]),
  getStdout: (network) => network.getStdout(ENDED),
  'collectJob with a list of the returns': (network, nth, directory) =>
    network.collectJob(ENDED, join(directory, `out-${Math.random()}-${nth}`)),
  killJob: (network) => network.killJob(RUNNING),
  pauseJob: (network) => network.pauseJob(RUNNING),
  unpauseJob: (network) => network.unpauseJob(RUNNING),
  deleteJob: (network) => network.deleteJob(RUNNING),
};

const RETURNS = [{ pattern: 'data', optional: false }];
const RUNNING = makeAttempt('1.1', { commands: ['sleep 300'] }, 'host1');
const ENDED = makeAttempt(
  '2.1',
  { commands: ['echo out; head -c 100000 /dev/zero > data'], returns: RETURNS },
  'host1',
);

faultTest('a connection that goes silent while it is made leaves nothing waiting', [], async (t) => {
  const trial = await prepare(t);
  await trial.each(['open'], async (_, { shell, silence }) => {
    const opening = shell.open();
    silence(60);
    return { detected: opening.catch(() => {}), calls: [opening], close: () => shell.close() };
  });
});

faultTest(
  'a link that goes silent in the middle of any call of a shell leaves nothing waiting',
  [],
  async (t) => {
    const trial = await prepare(t);
    await trial.each(Object.keys(SHELL_CALLS), async (name, { shell, silence }) => {
      await shell.open();
      const detected = new Promise<void>((resolve) => shell.onClose(() => resolve()));
      const calls = [1, 2, 3].map((nth) => SHELL_CALLS[name]?.(shell, trial.file, nth));
      silence(30);
      return { detected, calls, close: () => shell.close() };
    });
  },
);

faultTest(
  'a link that goes silent in the middle of any call of a network leaves nothing waiting',
  [],
  async (t) => {
    const trial = await prepare(t);
    await trial.each(Object.keys(NETWORK_CALLS), async (name, { network, silence, batch }) => {
      const ended: string[] = [];
      const detected = new Promise<void>((resolve) =>
        network.subscribe((event) => {
          if (event.type === 'host.lost') resolve();
          if (event.type === 'job.ended') ended.push(event.attempt);
        }),
      );
      await network.open({ batch });
      await Promise.all([network.launchJob(RUNNING), network.launchJob(ENDED)]);
      await waitFor(() => ended.includes(ENDED.id), { limitMs: 60_000, what: 'an end' });
      const calls = [1, 2, 3].map((nth) => NETWORK_CALLS[name]?.(network, nth, trial.directory));
      silence(30);
      return { detected, calls, close: () => network.close() };
    });
  },
);

/** A way to one host that can go silent. */
interface Way {
  readonly shell: Shell;
  readonly network: Network;
  readonly batch: string;
  /** Within so many milliseconds nothing gets through any more. */
  silence(withinMs: number): void;
}

interface Started {
  /** Resolves once the link is known to be dead. */
  readonly detected: Promise<unknown>;
  readonly calls: readonly (Promise<unknown> | undefined)[];
  close(): Promise<unknown>;
}

async function prepare(t: ExecutionContext) {
  const random = seededRandom(faultSeed(t));
  const directory = await tempDir(t);
  const file = join(directory, 'input');
  await writeFile(file, Buffer.alloc(4_000_000));
  const pool = await startEmbeddedHosts({ count: 1 });
  t.teardown(() => pool.close());
  /** Several trials of each kind; all of them must settle, and closing must, too. */
  const each = async (kinds: readonly string[], start: (kind: string, way: Way) => Promise<Started>) => {
    const trials = kinds.flatMap((kind) => Array.from({ length: TRIALS_EACH }, (_, at) => ({ kind, at })));
    const wrong: string[] = [];
    let slowest = 0;
    await inLanes(trials, 8, async ({ kind, at }) => {
      const way = await makeWay(pool, directory, `${kind.replaceAll(' ', '-')}-${at}`, random);
      try {
        const started = await start(kind, way);
        const settled = Promise.allSettled([...started.calls]);
        const began = performance.now();
        if (!(await isOver(started.detected, 30_000))) wrong.push(`${kind}: not detected`);
        slowest = Math.max(slowest, performance.now() - began);
        if (!(await isOver(settled, PENDING_MS))) wrong.push(`${kind}: still waiting`);
        if (!(await isOver(started.close(), PENDING_MS))) wrong.push(`${kind}: still closing`);
      } finally {
        await way.close();
      }
    });
    t.log(`${trials.length} trials; the slowest detection took ${Math.round(slowest)} ms`);
    t.deepEqual(wrong, []);
  };
  return { each, file, directory };
}

async function makeWay(
  pool: EmbeddedPool,
  directory: string,
  batch: string,
  random: Random,
): Promise<Way & { close(): Promise<void> }> {
  const [host] = pool.hosts;
  const proxy = await startTcpProxy({ address: '127.0.0.1', port: host?.port ?? 0 });
  const configFile = join(directory, `config-${batch}`);
  const place = `Host host1\n HostName 127.0.0.1\n Port ${proxy.port}\n IdentityFile ${pool.identity}\n`;
  await writeFile(configFile, `${place} IdentityAgent none\n UserKnownHostsFile ${configFile}.known\n`);
  const options = { configFile, ...TIMERS };
  return {
    shell: createSsh2Shell({ kind: 'ssh', address: 'host1' }, options),
    network: new SshNetwork({ hosts: ['2/host1'], cwd: directory, ...options }),
    batch,
    silence: (withinMs) => void setTimeout(() => proxy.setMode({ kind: 'blackhole' }), random() * withinMs),
    close: () => proxy.close(),
  };
}

/** Whether it settles in time; how does not matter. */
function isOver(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  const settled = work.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, pause(limitMs, false, { ref: false })]);
}
