import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import test from 'ava';
import ssh2 from 'ssh2';
import { LoggingManager } from '../../src/manager/logging-manager.js';
import { SshNetwork } from '../../src/network/ssh-network.js';
import { Builder } from '../../src/spec/builder.js';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { type Teardown, tempDir } from '../helpers/temp-dir.js';

/** One secret for each way that one can come in. */
const SECRETS = {
  password: 'canary-password-71',
  passphrase: 'canary-passphrase-72',
  env: 'canary-env-73',
  url: 'canary-url-74',
  argument: 'canary-argument-75',
  config: 'canary-config-76',
};

test.serial(
  'secrets reach the job and the login, and no process list, log, journal or file that others can read',
  async (t) => {
    const directory = await tempDir(t);
    const { network, homes, trace, questions } = await lockedPool(t, directory);
    await writeFile(join(directory, 'config'), SECRETS.config, { mode: 0o600 });
    const specs = new Builder()
      .setRepeat(4)
      .addJob({
        commands: [
          `test "$TOKEN$URL$(cat config)" = "${SECRETS.env}https://me:${SECRETS.url}@nowhere.invalid/${SECRETS.config}"`,
          `for word in ${SECRETS.argument}; do sleep 0.3; done`,
        ],
        files: [{ source: join(directory, 'config'), target: 'config' }],
        env: { TOKEN: SECRETS.env, URL: `https://me:${SECRETS.url}@nowhere.invalid/` },
      })
      .makeJobSpecs();
    const log = new PassThrough();
    const out = join(directory, 'b');
    const manager = new LoggingManager({ log, out, jsonLog: join(directory, 'log.jsonl') });
    manager.setup(specs, network);
    const processes = watchProcesses(t);
    const { counts } = await manager.processJobs();
    t.is(counts.done, 4);
    t.deepEqual(questions.sort(), ['Passphrase', 'Password']);

    const lines = [...processes].join('\n');
    t.regex(lines, /dev.fd.9\0supervisor/, 'the hosts were looked at');
    t.deepEqual(findSecrets(lines), [], 'process lists');
    t.deepEqual(findSecrets(trace.join('\n')), [], 'the trace of the connections');
    t.deepEqual(findSecrets(String(log.read())), [], 'the log');
    for (const file of [join(out, 'journal.jsonl'), join(directory, 'log.jsonl')])
      t.deepEqual(findSecrets(await readFile(file, 'utf8')), [], file);
    for (const place of [directory, ...homes]) t.deepEqual(await findReadable(place), []);
    const logins = [SECRETS.password, SECRETS.passphrase];
    for (const file of await listFiles(directory))
      t.false(
        logins.some((secret) => file.text.includes(secret)),
        file.path,
      );
  },
);

/** One host asks for a password; for the other there is a key with a passphrase. */
async function lockedPool(t: Teardown, directory: string) {
  const pool = await startEmbeddedHosts({
    names: ['asking', 'keyed'],
    hostOptions: { asking: { publicKey: false, password: SECRETS.password } },
  });
  t.teardown(() => pool.close());
  const locked = join(directory, 'locked');
  const lock = { bits: 256, passphrase: SECRETS.passphrase, cipher: 'aes256-cbc' } as const;
  await writeFile(locked, ssh2.utils.generateKeyPairSync('ecdsa', lock).private, { mode: 0o600 });
  const configFile = join(directory, 'ssh_config');
  const config = await readFile(pool.sshConfig, 'utf8');
  await writeFile(configFile, `Host keyed\n  IdentityFile ${locked}\n${config}`, { mode: 0o600 });
  const trace: string[] = [];
  const questions: string[] = [];
  const network = new SshNetwork({
    hosts: ['2/asking', '2/keyed'],
    configFile,
    prompt: async ({ text }) => {
      const kind = text.split(' ')[0] ?? '';
      questions.push(kind);
      return kind === 'Password' ? SECRETS.password : SECRETS.passphrase;
    },
    debug: (line) => void trace.push(line),
  });
  return { network, homes: pool.hosts.map(({ home }) => home), trace, questions };
}

/** The command lines of all processes here, which is both sides, seen every 50 ms until the test is over. */
function watchProcesses(t: Teardown): Set<string> {
  const seen = new Set<string>();
  const look = async (): Promise<void> => {
    for (const name of await readdir('/proc')) {
      if (/^\d+$/.test(name)) seen.add(await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => ''));
    }
  };
  const timer = setInterval(() => void look(), 50);
  t.teardown(() => clearInterval(timer));
  return seen;
}

function findSecrets(text: string): string[] {
  return Object.values(SECRETS).filter((secret) => text.includes(secret));
}

async function listFiles(directory: string): Promise<{ path: string; mode: number; text: string }[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files.map(async (path) => ({
      path,
      mode: (await stat(path)).mode,
      text: await readFile(path, 'latin1'),
    })),
  );
}

/** Files with a secret in them that somebody else could read. */
async function findReadable(directory: string): Promise<string[]> {
  const files = await listFiles(directory);
  return files
    .filter(({ mode, text }) => (mode & 0o077) !== 0 && findSecrets(text).length > 0)
    .map(({ path }) => path);
}
