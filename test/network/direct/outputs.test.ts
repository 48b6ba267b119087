import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { seededRandom } from '../../../src/random.js';
import { pickSeed } from '../../helpers/seed.js';
import { localPool } from './pool.js';

interface Range {
  readonly from: number;
  readonly bytes: number;
}

interface Outputs {
  readonly stdout: Range;
  readonly stderr: Range;
}

test.serial('1000 random outputs come back byte for byte', async (t) => {
  const seed = pickSeed();
  t.log(`SEED=${seed}`);
  const random = seededRandom(seed);
  const pool = await localPool(t);
  const store = Buffer.from(Array.from({ length: 100_000 }, () => Math.floor(random() * 256)));
  await writeFile(join(pool.directory, 'bytes'), store);
  const pick = (): Range => ({
    from: Math.floor(random() * store.length),
    bytes: Math.floor(random() ** 3 * 20_000),
  });
  const jobs = Array.from({ length: 500 }, () => ({ stdout: pick(), stderr: pick() }));
  const wrong: string[] = [];
  const check = async ({ stdout, stderr }: Outputs, at: number): Promise<void> => {
    const id = `${at + 1}.1`;
    const attempt = await pool.launch(id, { commands: [`${show(stdout)}; ${show(stderr)} >&2`] });
    await pool.ended(attempt);
    const out = join(pool.directory, 'out', id);
    await pool.network.collectJob(attempt, out);
    for (const [name, { from, bytes }] of Object.entries({ stdout, stderr })) {
      const wanted = store.subarray(from, from + bytes);
      const got = await readFile(join(out, name)).catch(() => null);
      // What is empty leaves no file.
      if (!(got ?? Buffer.alloc(0)).equals(wanted)) wrong.push(`${name} of ${id}: ${from}, ${bytes}`);
    }
  };
  const show = ({ from, bytes }: Range): string =>
    `tail -c +${from + 1} ${pool.directory}/bytes | head -c ${bytes}`;
  for (let at = 0; at < jobs.length; at += 50)
    await Promise.all(jobs.slice(at, at + 50).map((job, index) => check(job, at + index)));
  t.deepEqual(wrong, []);
});
