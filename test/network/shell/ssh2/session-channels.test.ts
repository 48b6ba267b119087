import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { faultOf, startTestHost } from './ssh-hosts.js';

test('two hundred commands at once all run, with their own exit codes', async (t) => {
  const { shell, host } = await startTestHost(t, { faults: { maxSessions: 5 } });
  const ssh = await shell();
  await ssh.open();
  const codes = await Promise.all(
    Array.from({ length: 200 }, async (_, n) => (await ssh.run(`exit ${n}`)).code),
  );
  t.deepEqual(
    codes,
    Array.from({ length: 200 }, (_, n) => n),
  );
  t.is(host.connections, 1);
});

for (const maxSessions of [1, 2, 3]) {
  test(`with MaxSessions ${maxSessions} commands, a standing channel and files get along`, async (t) => {
    const { shell, directory } = await startTestHost(t, { faults: { maxSessions } });
    const ssh = await shell();
    await ssh.open();
    const channels = [await ssh.start('cat'), await ssh.start('cat')];
    const file = join(directory, 'file');
    await writeFile(file, 'content');
    const codes = Promise.all(Array.from({ length: 30 }, async (_, n) => (await ssh.run(`exit ${n}`)).code));
    await Promise.all([ssh.putFile(file, 'up'), codes]);
    t.deepEqual(
      await codes,
      Array.from({ length: 30 }, (_, n) => n),
    );
    t.is((await ssh.run('cat up')).stdout.toString(), 'content');
    for (const channel of channels) {
      channel.stdin.end();
      t.is((await channel.ended).code, 0);
    }
  });
}

test('a server that gives no session at all is an error, not a wait', async (t) => {
  const { shell } = await startTestHost(t, { faults: { maxSessions: 0 } });
  const ssh = await shell();
  await ssh.open();
  t.is((await faultOf(t, ssh.run(':'))).code, 'E_CHANNEL');
});

test('more standing channels than a connection should carry get connections of their own, given back after', async (t) => {
  const { shell, host } = await startTestHost(t);
  const ssh = await shell();
  await ssh.open();
  const channels = await Promise.all(Array.from({ length: 5 }, () => ssh.start('cat')));
  t.is(host.connections, 4);
  for (const channel of channels) {
    channel.stdin.end();
    t.is((await channel.ended).code, 0);
  }
  await ssh.close();
});

test('a command killed by a signal says which, and a host that runs no commands is told', async (t) => {
  const { shell } = await startTestHost(t);
  const ssh = await shell();
  await ssh.open();
  t.like(await ssh.run('kill -KILL $$'), { code: null, signal: 'KILL' });
  const closed = await startTestHost(t, { faults: { forceCommand: 'echo This account is closed.' } });
  const refused = await closed.shell();
  await refused.open();
  const error = await faultOf(t, refused.run(':'));
  t.is(error.code, 'E_LOGIN_SHELL');
  t.regex(error.message, /This account is closed/);
});
