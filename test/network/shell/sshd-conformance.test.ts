import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { GpoolError } from '../../../src/errors.js';
import { createOpensshShell } from '../../../src/network/shell/openssh/openssh-shell.js';
import type { Shell } from '../../../src/network/shell/shell.js';
import { createSsh2Shell } from '../../../src/network/shell/ssh2/ssh2-shell.js';
import { type SshdFarm, type SshdHost, startSshdFarm } from '../../helpers/sshd-farm.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { sshdTest } from '../../helpers/tiers.js';
import { testShellConformance } from './shell-conformance.js';

const NOISE = 'echo WELCOME; echo to the lab >&2\n';
const MUCH_NOISE = 'head -c 60000 /dev/zero | tr "\\0" w; head -c 60000 /dev/zero | tr "\\0" e >&2\n';
const LOGIN_SHELLS = {
  bash: { loginFiles: { '.bashrc': MUCH_NOISE } },
  zsh: { shell: '/usr/bin/zsh', loginFiles: { '.zshenv': MUCH_NOISE } },
  fish: { shell: '/usr/bin/fish', loginFiles: { '.config/fish/config.fish': NOISE } },
  tcsh: { shell: '/bin/tcsh', loginFiles: { '.cshrc': 'echo WELCOME\n', '.tcshrc': 'echo WELCOME\n' } },
} as const;
const OTHERS = {
  nologin: { shell: '/usr/sbin/nologin' },
  forced: { config: ['ForceCommand echo not here'] },
  rbash: { shell: '/bin/rbash', loginFiles: { '.bashrc': 'PATH=/nowhere\n' } },
  narrow: { config: ['MaxSessions 1', 'MaxStartups 2:100:2'] },
  small: { smallDiskKiB: 300 },
} as const;

const TRANSPORTS = { ssh2: createSsh2Shell, openssh: createOpensshShell };

let farm: Promise<SshdFarm> | undefined;
const farmOf = () => {
  farm ??= startSshdFarm({ ...LOGIN_SHELLS, ...OTHERS });
  return farm;
};

test.after.always(async () => {
  await (await farm)?.close();
});

for (const [transport, create] of Object.entries(TRANSPORTS)) {
  for (const name of Object.keys(LOGIN_SHELLS)) {
    testShellConformance({
      name: `${transport} to sshd, ${name}`,
      test: sshdTest,
      thorough: name === 'bash',
      fixture: async () => {
        const { host, shell } = await reach(name, create);
        return { home: host.home, createShell: shell, drop: () => host.dropSessions() };
      },
    });
  }

  for (const name of ['nologin', 'forced', 'rbash']) {
    sshdTest(
      `${transport}: an account that runs no commands (${name}) is one clear error after one login`,
      async (t) => {
        const { host, shell } = await reach(name, create);
        const error = await openError(t, shell());
        t.true(['E_LOGIN_SHELL', 'E_NO_BASH'].includes(error.code), error.message);
        if (name === 'forced') t.regex(error.message, /not here/);
        if (name === 'nologin') t.regex(error.message, /not available/);
        t.is((await host.log()).match(/Accepted publickey for/g)?.length, transport === 'ssh2' ? 1 : 2);
      },
    );
  }

  sshdTest(
    `${transport}: with MaxSessions 1 commands and copies go on beside a channel that stays`,
    async (t) => {
      const { host, shell } = await reach('narrow', create);
      const here = await tempDir(t);
      await writeFile(join(here, 'file'), 'text');
      const open = shell();
      t.teardown(() => open.close());
      await open.open();
      const channel = await open.start('exec cat');
      const runs = Array.from({ length: 12 }, (_, index) => open.run('echo "$1"', { args: [String(index)] }));
      await open.putFile(join(here, 'file'), 'file');
      t.deepEqual(
        (await Promise.all(runs)).map(({ stdout }) => stdout.toString()),
        Array.from({ length: 12 }, (_, index) => `${index}\n`),
      );
      t.true((await readdir(host.home)).includes('file'));
      channel.close();
      await channel.ended.catch(() => {});
    },
  );

  sshdTest(`${transport}: no upload to a full disk is reported as done`, async (t) => {
    const { shell } = await reach('small', create);
    const here = await tempDir(t);
    await writeFile(join(here, 'file'), Buffer.alloc(400 * 1024, 'x'));
    const open = shell();
    t.teardown(() => open.close());
    await open.open();
    for (let index = 0; index < 50; index++) {
      const error = await open.putFile(join(here, 'file'), `small/file${index}`).then(
        () => t.fail('reported as done'),
        (reason: unknown) => reason,
      );
      t.true(
        error instanceof GpoolError && ['E_REMOTE_DISK', 'E_TRANSFER'].includes(error.code),
        String(error),
      );
    }
  });
}

type CreateShell = typeof createSsh2Shell;

async function reach(name: string, create: CreateShell): Promise<{ host: SshdHost; shell: () => Shell }> {
  const { hosts, sshConfig } = await farmOf();
  const host = hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(`the farm has no ${name}`);
  return { host, shell: () => create({ kind: 'ssh', address: name }, { configFile: sshConfig }) };
}

async function openError(t: ExecutionContext, shell: Shell): Promise<GpoolError> {
  t.teardown(() => shell.close());
  const error = await shell
    .open()
    .then(() => shell.run(':'))
    .catch((reason: unknown) => reason);
  if (error instanceof GpoolError) return error;
  throw new Error(`expected an error of ours, got ${error}`);
}
