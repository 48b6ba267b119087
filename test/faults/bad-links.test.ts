import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Random, seededRandom } from '../../src/random.js';
import type { ProxyMode } from '../helpers/tcp-proxy.js';
import { sshdTest } from '../helpers/tiers.js';
import { checkInvariants } from './harness/check-invariants.js';
import { Controller } from './harness/controller.js';
import { FULL, faultSeed } from './harness/effort.js';
import { readHistory, restarts } from './harness/history.js';
import { startLab } from './harness/lab.js';

const SECONDS = FULL ? 300 : 30;

sshdTest(
  `links that flip bits, go silent, crawl and break for ${SECONDS} s: no job fails, none runs twice`,
  async (t) => {
    t.timeout((SECONDS + 300) * 1000);
    const random = seededRandom(faultSeed(t));
    const lab = await startLab({ proxied: true });
    t.teardown(() => lab.close());
    const home = await lab.directory('home');
    // Slow links look like slow jobs.
    const options = ['--copies', '0'];
    const controller = Controller.run({
      sshConfig: lab.sshConfig,
      home,
      jobs: SECONDS * 10,
      sleep: '0.8',
      options,
    });
    const modes = new Map<string, number>();
    const until = performance.now() + SECONDS * 1000;
    while (performance.now() < until && controller.isRunning) {
      const proxy = lab.proxies[Math.floor(random() * lab.proxies.length)];
      const mode = pickMode(random);
      if (mode) proxy?.setMode(mode);
      else proxy?.reset();
      const name = mode?.kind ?? 'reset';
      modes.set(name, (modes.get(name) ?? 0) + 1);
      await pause(random() * 600);
    }
    for (const proxy of lab.proxies) proxy.setMode({ kind: 'pass' });
    const { code, stderr } = await controller.ended;
    t.log(Object.fromEntries(modes));
    t.is(code, 0, stderr);
    t.deepEqual(await checkInvariants(join(home, 'b'), await lab.witnesses()), []);
    const history = await readHistory(join(home, 'b'));
    const { hostsLost } = history;
    t.log(`${hostsLost.length} times a link was lost`);
    t.deepEqual(restarts(history), []);
  },
);

/** What a link does from now on; null cuts it. Bits are flipped where they are signed: after the first 8 kB. */
function pickMode(random: Random): ProxyMode | null {
  const lot = random();
  if (lot < 0.4) return { kind: 'pass' };
  if (lot < 0.55) return { kind: 'delay', ms: random() * 300 };
  if (lot < 0.65) return { kind: 'blackhole' };
  if (lot < 0.75) return { kind: 'close-after', bytes: 5_000 + Math.floor(random() * 200_000) };
  if (lot < 0.9) return { kind: 'flip-bit', offset: 8_000 + Math.floor(random() * 200_000) };
  return null;
}
