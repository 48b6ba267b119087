import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findEntries, hashHostName } from '../../../../src/network/shell/ssh2/known-hosts.js';
import { seededRandom } from '../../../../src/random.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { sshdTest } from '../../../helpers/tiers.js';
import { makeKey } from './host-keys.js';

const run = promisify(execFile);
const FILES = 500;

sshdTest(`${FILES} generated known_hosts files are read as ssh-keygen -F reads them`, async (t) => {
  const seed = Number(process.env.GPOOL_SEED ?? Date.now() % 1e9);
  t.log(`seed ${seed}`);
  const generate = createGenerator(seed);
  const path = join(await tempDir(t), 'known_hosts');
  for (let file = 0; file < FILES; file++) {
    const text = generate.text();
    const name = generate.name();
    await writeFile(path, text);
    const ours = findEntries([{ path, text }], name).map(({ line, marker }) => `${line}${MARKS[marker]}`);
    t.deepEqual(ours, await askOpenssh(path, text, name), `file ${file}, name ${name}:\n${text}`);
  }
});

const MARKS = { none: '', revoked: ' REVOKED', 'cert-authority': ' CA' };

/**
 * `# Host lab01 found: line 3 CA` → `3 CA`. `-F` looks at the names only; whether there is a key behind them is for `-l`
 * to say, as a connecting ssh passes over what is none.
 */
async function askOpenssh(path: string, text: string, name: string): Promise<string[]> {
  const { stdout } = await run('ssh-keygen', ['-F', name, '-f', path]).catch(
    ({ stdout }: { stdout: string }) => ({ stdout }),
  );
  const found: string[] = [];
  for (const [, line = '', mark = ''] of stdout.matchAll(/^# Host .* found: line (\d+) ?(.*)$/gm)) {
    const key = text.split('\n')[Number(line) - 1]?.replace(/^\s*(@\S+\s+)?\S+\s+/, '') ?? '';
    if (await isKey(key)) found.push(`${line} ${mark}`.trim());
  }
  return found;
}

async function isKey(text: string): Promise<boolean> {
  const asked = run('ssh-keygen', ['-l', '-f', '-']);
  asked.child.stdin?.end(`${text}\n`);
  return asked.then(
    () => true,
    () => false,
  );
}

function createGenerator(seed: number) {
  const random = seededRandom(seed);
  const pick = <T>(from: readonly T[]): T => {
    const picked = from[Math.floor(random() * from.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  };
  const keys = [makeKey('ssh-ed25519'), makeKey('ssh-ed25519'), makeKey('ecdsa-sha2-nistp256')];
  const host = () =>
    pick(['lab01', 'lab02', '10.0.0.7', '[lab01]:2222', '[10.0.0.7]:22', 'lab01.uni.example', '::1']);
  const pattern = (): string =>
    pick([
      host,
      () => host().toUpperCase(),
      () => 'lab*',
      () => 'lab0?',
      () => '*',
      () => '[*]:2222',
      () => '*.example',
      () => '1?.0.*',
      () => '',
      () => '**?*',
    ])();
  const names = () => {
    if (random() < 0.25) return hashHostName(host(), Buffer.alloc(20, Math.floor(random() * 256)));
    const count = 1 + Math.floor(random() * 3);
    return Array.from({ length: count }, () => `${random() < 0.2 ? '!' : ''}${pattern()}`).join(',') || 'x';
  };
  const damage = (line: string) =>
    random() < 0.8
      ? line
      : pick([
          () => line.slice(0, Math.floor(random() * line.length)),
          () => `# ${line}`,
          () => `  ${line}`,
          () => line.replaceAll(' ', '\t'),
          () => `${line}\r`,
          () => '',
          () => line.replace('ssh-ed25519', 'ssh-rsa'),
          () => `@odd ${line}`,
          () => `${line} a comment`,
          () => line.replace('|1|', '|9|'),
        ])();
  const line = () =>
    damage(`${random() < 0.2 ? pick(['@revoked ', '@cert-authority ']) : ''}${names()} ${pick(keys)}`);
  return {
    name: host,
    text: () =>
      `${Array.from({ length: Math.floor(random() * 8) }, line).join('\n')}${random() < 0.8 ? '\n' : ''}`,
  };
}
