import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runGpool } from '../helpers/run-gpool.js';
import { sshdTest } from '../helpers/tiers.js';
import { checkProcesses } from './harness/check-surroundings.js';
import { startLab } from './harness/lab.js';

sshdTest(
  'a machine of the lab has its own name, boot id and home, and loses all but its disk with its power',
  async (t) => {
    t.timeout(120_000);
    const lab = await startLab({ machines: 2 });
    t.teardown(() => lab.close());
    const [first, second] = lab.machines;
    if (!first || !second) return t.fail();
    const cwd = await lab.directory('home');
    const ask = async () => {
      const words = ['exec', '-F', lab.sshConfig, '-S', 'm[1-2]', '--json', '--'];
      const command =
        'echo $HOSTNAME $(cat /proc/sys/kernel/random/boot_id); echo x >>~/kept; (sleep 1000 &) >/dev/null 2>&1';
      const { stdout } = await runGpool([...words, command], { cwd });
      return stdout;
    };
    const before = await ask();
    t.true(before.includes(`m1 ${first.bootId}`) && before.includes(`m2 ${second.bootId}`));
    t.is((await checkProcesses(first, 0)).length, 1);

    const { bootId } = first;
    await first.powerCut();
    t.deepEqual(await first.processes(), []);
    await first.boot();
    t.not(first.bootId, bootId);
    t.deepEqual(await checkProcesses(first, 0), []);
    t.true((await ask()).includes(`m1 ${first.bootId}`));
    t.is(await readFile(join(first.disk, 'kept'), 'utf8'), 'x\nx\n');
    t.is(await readFile(join(second.disk, 'kept'), 'utf8'), 'x\nx\n');
  },
);
