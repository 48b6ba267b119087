import { setImmediate as nextTurn } from 'node:timers/promises';
import test from 'ava';
import { LoginRamp } from '../../../../src/network/shell/ssh2/login-ramp.js';

test('at most four logins at one server, and thirty-two in all, are in progress', async (t) => {
  const ramp = new LoginRamp();
  const most = new Map<string, number>();
  const now = new Map<string, number>();
  const count = (key: string, change: number) => {
    now.set(key, (now.get(key) ?? 0) + change);
    most.set(key, Math.max(most.get(key) ?? 0, now.get(key) ?? 0));
  };
  const login = (server: string) =>
    ramp.run(server, async () => {
      count(server, 1);
      count('all', 1);
      for (let turn = 0; turn < 3; turn++) await nextTurn();
      count(server, -1);
      count('all', -1);
    });
  const servers = Array.from({ length: 40 }, (_, n) => `host${n % 20}:22`);
  await Promise.all([...servers, ...Array.from({ length: 20 }, () => 'busy:22')].map(login));
  t.is(most.get('busy:22'), 4);
  t.is(most.get('all'), 32);
});

test('a login that fails gives its place back', async (t) => {
  const ramp = new LoginRamp(1, 1);
  await t.throwsAsync(
    ramp.run('a:22', () => Promise.reject(new Error('refused'))),
    { message: 'refused' },
  );
  t.is(await ramp.run('a:22', async () => 7), 7);
});
