import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import ssh2 from 'ssh2';
import { faultOf, fileText, startTestHost } from './ssh-hosts.js';

const KNOWN = (path: string) => `UserKnownHostsFile ${path}\nIdentityAgent none\n`;

/** A prompt that answers from a list and remembers what it was asked. */
function answering(...answers: string[]) {
  const asked: string[] = [];
  const prompt = async ({ text }: { readonly text: string }) => {
    asked.push(text);
    const answer = answers.shift();
    if (answer === undefined) throw new Error('nobody is there');
    return answer;
  };
  return { asked, prompt };
}

test('a key logs in with one attempt and a command runs', async (t) => {
  const { shell } = await startTestHost(t);
  const ssh = await shell();
  await ssh.open();
  const { code, stdout } = await ssh.run('echo "$1"; exit 7', { args: ["it's\n"] });
  t.deepEqual([code, stdout.toString()], [7, "it's\n\n"]);
});

test('a wrong key is refused once, with who and what in the message, and not tried again', async (t) => {
  const { shell, host, directory } = await startTestHost(t);
  const key = join(directory, 'other');
  await writeFile(key, ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private, { mode: 0o600 });
  const options = { config: `User me\nIdentityFile ${key}\n${KNOWN(join(directory, 'known'))}` };
  const ssh = await shell(options);
  const error = await faultOf(t, ssh.open());
  t.is(error.code, 'E_AUTH');
  t.regex(error.message, new RegExp(`me@host1:\\d+: the login was refused; tried key ${key}`));
  const attempts = host.loginAttempts;
  t.is((await faultOf(t, ssh.open())).code, 'E_AUTH');
  t.is(host.loginAttempts, attempts);
});

test('without key, agent and prompt there is nothing to log in with', async (t) => {
  const { shell, host, directory } = await startTestHost(t);
  const ssh = await shell({ config: `IdentityFile none\n${KNOWN(join(directory, 'known'))}` });
  const error = await faultOf(t, ssh.open());
  t.is(error.code, 'E_AUTH');
  t.regex(error.message, /nothing to log in with/);
  t.is(host.loginAttempts, 0);
});

test('at most five keys are offered, the named one first', async (t) => {
  const { shell, pool, host, directory } = await startTestHost(t);
  const files: string[] = [];
  for (let n = 0; n < 8; n++) {
    const path = join(directory, `key${n}`);
    await writeFile(path, ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private, { mode: 0o600 });
    files.push(path);
  }
  const list = (paths: string[]) => paths.map((path) => `IdentityFile ${path}\n`).join('');
  const late = await shell({ config: list([...files, pool.identity]) + KNOWN(join(directory, 'known')) });
  const error = await faultOf(t, late.open());
  t.is(error.message.match(/key \//g)?.length, 5);
  t.is(host.loginAttempts, 5);
  const first = await shell({ config: list([pool.identity, ...files]) + KNOWN(join(directory, 'known')) });
  await t.notThrowsAsync(first.open());
});

test('a key that cannot be used is told before any connection is made', async (t) => {
  const { shell, host, directory } = await startTestHost(t);
  const garbage = join(directory, 'garbage');
  await writeFile(garbage, 'this is no key\n');
  const locked = join(directory, 'locked');
  await writeFile(
    locked,
    ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256, passphrase: 'secret', cipher: 'aes256-cbc' })
      .private,
  );
  for (const path of [garbage, locked]) {
    const ssh = await shell({ config: `IdentityFile ${path}\n${KNOWN(join(directory, 'known'))}` });
    const error = await faultOf(t, ssh.open());
    t.is(error.code, 'E_KEY');
    t.is(error.where, path);
  }
  t.is(host.connections, 0);
  t.is(await fileText(join(directory, 'known')), '');
});

test('a password is asked for once for all connections to a host', async (t) => {
  const { shell, directory } = await startTestHost(t, { publicKey: false, password: 'open sesame' });
  const { asked, prompt } = answering('open sesame');
  const config = `User me\nIdentityFile none\n${KNOWN(join(directory, 'known'))}`;
  for (let n = 0; n < 3; n++) await (await shell({ config, prompt })).open();
  t.is(asked.length, 1);
  t.regex(asked[0] ?? '', /^Password for me@host1:\d+: $/);
});

test('a wrong password is not tried again and stands in no message', async (t) => {
  const { shell, host, directory } = await startTestHost(t, { publicKey: false, password: 'right' });
  const { asked, prompt } = answering('wr0ng-canary', 'right');
  const trace: string[] = [];
  const ssh = await shell({
    config: `IdentityFile none\n${KNOWN(join(directory, 'known'))}`,
    prompt,
    debug: (line) => trace.push(line),
  });
  const error = await faultOf(t, ssh.open());
  t.is(error.code, 'E_AUTH');
  t.is(asked.length, 1);
  t.is(host.loginAttempts, 2, 'keyboard-interactive, which the server does not have, and password');
  t.false([error.message, JSON.stringify(error), error.stack, ...trace].join('\n').includes('wr0ng-canary'));
});

test('keyboard-interactive questions reach the person one after another', async (t) => {
  const questions = [
    { prompt: 'Password: ', answer: 'pw' },
    { prompt: 'Code: ', answer: '123456' },
  ];
  const { shell, directory } = await startTestHost(t, { publicKey: false, questions });
  const { asked, prompt } = answering('pw', '123456');
  const ssh = await shell({
    config: `User me\nIdentityFile none\n${KNOWN(join(directory, 'known'))}`,
    prompt,
  });
  await ssh.open();
  t.deepEqual(
    asked.map((text) => text.replace(/:\d+:/, ':')),
    ['me@host1: Password: ', 'me@host1: Code: '],
  );
});

test('a passphrase is asked for once, and serves all hosts that take the key', async (t) => {
  const { shell, pool, directory } = await startTestHost(t);
  const locked = join(directory, 'locked');
  const pair = ssh2.utils.generateKeyPairSync('ecdsa', {
    bits: 256,
    passphrase: 'secret',
    cipher: 'aes256-cbc',
  });
  await writeFile(locked, pair.private, { mode: 0o600 });
  const { asked, prompt } = answering('secret');
  const config = `IdentityFile ${locked}\nIdentityFile ${pool.identity}\n${KNOWN(join(directory, 'known'))}`;
  for (let n = 0; n < 2; n++) await (await shell({ config, prompt })).open();
  t.deepEqual(asked, [`Passphrase for ${locked}: `]);
});

test('a wrong passphrase is an error of the key, without the passphrase in it', async (t) => {
  const { shell, directory } = await startTestHost(t);
  const locked = join(directory, 'locked');
  await writeFile(
    locked,
    ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256, passphrase: 'secret', cipher: 'aes256-cbc' })
      .private,
  );
  const { prompt } = answering('canary-wrong');
  const ssh = await shell({ config: `IdentityFile ${locked}\n${KNOWN(join(directory, 'known'))}`, prompt });
  const error = await faultOf(t, ssh.open());
  t.is(error.code, 'E_KEY');
  t.false(`${error.stack}${JSON.stringify(error)}`.includes('canary-wrong'));
});
