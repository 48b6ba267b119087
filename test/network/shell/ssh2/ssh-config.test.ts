import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { HostError } from '../../../../src/errors.js';
import { parseHop, resolveTarget } from '../../../../src/network/shell/ssh2/ssh-config.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { sshdTest } from '../../../helpers/tiers.js';

const NO_CLIENT = { sshProgram: '/nonexistent/ssh' };

async function configFile(t: ExecutionContext, text: string): Promise<string> {
  const path = join(await tempDir(t), 'config');
  await writeFile(path, text);
  return path;
}

const PLAIN = `
# a comment
Host lab* !lab99
  HostName 10.0.0.7
  Port=2222
  User  bob
  IdentityFile "~/keys/%h key"
  IdentityFile ~/.ssh/id_rsa
  IdentitiesOnly yes
  UserKnownHostsFile /tmp/known_%r
  GlobalKnownHostsFile none
  StrictHostKeyChecking yes
  ServerAliveInterval 7
  ConnectTimeout 1m30s
Host *
  Port 23
  User nobody
  ProxyJump gate,me@inner:24
`;

function checkPlain(t: ExecutionContext, target: Awaited<ReturnType<typeof resolveTarget>>): void {
  t.like(target, {
    where: 'bob@lab01:2222',
    hostName: '10.0.0.7',
    port: 2222,
    user: 'bob',
    identitiesOnly: true,
    hostKeyName: '[10.0.0.7]:2222',
    hostKeyChecking: 'yes',
    keepaliveMs: 7000,
    connectTimeoutMs: 90_000,
  });
  t.deepEqual(target.identityFiles, [
    { path: join(homedir(), 'keys/10.0.0.7 key'), named: true },
    { path: join(homedir(), '.ssh/id_rsa'), named: false },
  ]);
  t.deepEqual(target.userKnownHosts, ['/tmp/known_bob']);
  t.deepEqual(target.globalKnownHosts, []);
  t.deepEqual(target.proxy, { kind: 'jump', hops: ['gate', 'me@inner:24'] });
}

test('without an ssh client a plain configuration is read the same way', async (t) => {
  const path = await configFile(t, PLAIN);
  checkPlain(t, await resolveTarget({ kind: 'ssh', address: 'lab01' }, { configFile: path, ...NO_CLIENT }));
});

test('an excluded name falls through to the next block', async (t) => {
  const path = await configFile(t, PLAIN);
  const target = await resolveTarget({ kind: 'ssh', address: 'lab99' }, { configFile: path, ...NO_CLIENT });
  t.like(target, { hostName: 'lab99', port: 23, user: 'nobody', hostKeyChecking: 'ask' });
});

test('what the destination says itself comes first', async (t) => {
  const path = await configFile(t, PLAIN);
  const destination = { kind: 'ssh', address: 'lab01', user: 'eve', port: 22, identity: '/k/own' } as const;
  const target = await resolveTarget(destination, { configFile: path, ...NO_CLIENT });
  t.like(target, { user: 'eve', port: 22, hostKeyName: '10.0.0.7', where: 'eve@lab01:22' });
  t.deepEqual(target.identityFiles[0], { path: '/k/own', named: true });
});

test('without an ssh client Include and Match are refused with file and line', async (t) => {
  for (const line of ['Include other', 'Match host x']) {
    const path = await configFile(t, `Host a\n${line}\n`);
    const error = await t.throwsAsync(
      resolveTarget({ kind: 'ssh', address: 'a' }, { configFile: path, ...NO_CLIENT }),
    );
    t.true(error instanceof HostError && error.code === 'E_SSH_CONFIG');
    t.regex(error?.message ?? '', /config:2: (include|match) needs the OpenSSH client/);
  }
});

test('a configuration file that is not there is an error of its own', async (t) => {
  for (const sshProgram of ['ssh', NO_CLIENT.sshProgram]) {
    const error = await t.throwsAsync(
      resolveTarget({ kind: 'ssh', address: 'a' }, { configFile: '/nonexistent/config', sshProgram }),
    );
    t.true(error instanceof HostError && error.code === 'E_SSH_CONFIG', sshProgram);
  }
});

test('names that could be options or shell text never reach a command', async (t) => {
  const names = [
    '-oProxyCommand=touch x',
    'a b',
    'a;b',
    '$(x)',
    'a`b`',
    'a\nb',
    'a\u0000b',
    '',
    'a|b',
    "a'b",
    'a&b',
    'a*',
    'a,b',
  ];
  for (const address of names) {
    const error = await t.throwsAsync(resolveTarget({ kind: 'ssh', address }));
    t.true(error instanceof HostError && error.code === 'E_SSH_CONFIG', JSON.stringify(address));
    await t.throwsAsync(resolveTarget({ kind: 'ssh', address: 'good', user: address }));
  }
});

test('a guard of the host key that gpool does not know is not ignored', async (t) => {
  const path = await configFile(t, 'RevokedHostKeys /etc/ssh/revoked\n');
  const error = await t.throwsAsync(
    resolveTarget({ kind: 'ssh', address: 'a' }, { configFile: path, ...NO_CLIENT }),
  );
  t.regex(error?.message ?? '', /revokedhostkeys.*--transport openssh/);
});

test('jump hosts are read in every form that ssh takes', (t) => {
  t.deepEqual(parseHop('gate'), { kind: 'ssh', address: 'gate' });
  t.deepEqual(parseHop('me@gate:24'), { kind: 'ssh', address: 'gate', user: 'me', port: 24 });
  t.deepEqual(parseHop('ssh://me@gate:24/'), { kind: 'ssh', address: 'gate', user: 'me', port: 24 });
  t.deepEqual(parseHop('me@[::1]:24'), { kind: 'ssh', address: '::1', user: 'me', port: 24 });
  t.throws(() => parseHop('a:b:c'), { instanceOf: HostError });
});

test('a proxy command keeps its words and gets its tokens', async (t) => {
  const path = await configFile(t, 'ProxyCommand nc -x "a b" %h %p %%\n');
  const { proxy } = await resolveTarget(
    { kind: 'ssh', address: 'Lab', port: 99 },
    { configFile: path, ...NO_CLIENT },
  );
  t.is(proxy.kind === 'command' && proxy.command, 'nc -x "a b" lab 99 %');
});

sshdTest('ssh -G and our own reader agree on a plain configuration', async (t) => {
  const path = await configFile(t, PLAIN);
  checkPlain(t, await resolveTarget({ kind: 'ssh', address: 'lab01' }, { configFile: path }));
});

sshdTest('Include and Match are resolved as ssh does', async (t) => {
  const other = await configFile(t, 'Host lab01\n  User ann\n');
  const path = await configFile(
    t,
    `Include ${other}\nMatch host lab01 exec true\n  Port 4022\nMatch all\n  HostKeyAlias Pool\n`,
  );
  const target = await resolveTarget({ kind: 'ssh', address: 'lab01' }, { configFile: path });
  t.like(target, { user: 'ann', port: 4022, hostKeyName: 'pool' });
});
