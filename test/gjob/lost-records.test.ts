import { once } from 'node:events';
import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { waitFor } from '../helpers/wait-for.js';
import { GjobHost, run } from './bridge-client.js';

const KEYS = ['0123456789abcdef', 'fedcba9876543210'];

const gated = (host: GjobHost) =>
  `echo 1 >> ${host.root}/witness; until [ -e ${host.root}/gate ]; do sleep 0.3; done; echo done`;

for (const [title, spoil] of [
  ['its pid record', (host) => rm(join(host.record('1.1'), 'pid'))],
  ['what is in its pid record', (host) => truncate(join(host.record('1.1'), 'pid'))],
] as const satisfies readonly (readonly [string, (host: GjobHost) => Promise<void>])[]) {
  test.serial(`a job that loses ${title} while it runs has run, and ends once`, async (t) => {
    const host = await GjobHost.create(t);
    const bridge = host.bridge();
    bridge.send(run('1.1', gated(host)));
    await bridge.event('S', '1.1');
    await spoil(host);
    await writeFile(join(host.root, 'gate'), '');
    const ended = await bridge.event('X', '1.1');
    t.deepEqual(ended.slice(3, 5), ['code', '0']);
    t.is(bridge.find('E').length, 0);
  });
}

test.serial('an attempt whose record is removed is lost, and never starts again', async (t) => {
  const host = await GjobHost.create(t);
  const bridge = host.bridge();
  bridge.send(run('1.1', gated(host)));
  await bridge.event('S', '1.1');
  await rm(host.record('1.1'), { recursive: true });
  await writeFile(join(host.root, 'gate'), '');
  t.is((await bridge.event('L', '1.1'))[2], 'store');
  await bridge.ask(run('1.1', `echo 2 >> ${host.root}/witness`), run('2.1', ':'));
  await bridge.event('X', '2.1');
  t.is(bridge.find('S', '1.1').length, 1);
  t.is(bridge.find('X', '1.1').length, 0);
});

test.serial(
  'a bridge whose store is removed ends, and the next one has another store from its beginning',
  async (t) => {
    const host = await GjobHost.create(t);
    const first = host.bridge();
    await first.ask('slots\t1');
    const [, before] = / store=(\w+) /.exec(first.greeting) ?? [];
    const ended = once(first.child, 'exit');
    await rm(host.directory, { recursive: true, force: true });
    await ended;
    const next = host.start('bridge', host.root, 'host-1', 'batch-1', '1', '0', `${first.bytes}:${before}`);
    t.teardown(() => next.kill('SIGKILL'));
    let said = '';
    next.stdout.on('data', (chunk) => {
      said += chunk;
    });
    const greeting = await waitFor(() => / store=(\w+) from=0\n/.exec(said), { what: 'the greeting' });
    t.not(greeting[1], before);
  },
);

test.serial('another batch of the same name is refused, and its own is not', async (t) => {
  const host = await GjobHost.create(t);
  const call = (key: string | undefined) => host.ask('bridge', '', '1', '0', `0:-:${key}`);
  t.is((await call(KEYS[0])).code, 0);
  const refused = await call(KEYS[1]);
  t.is(refused.code, 6);
  t.regex(refused.stderr, /a batch of the name batch-1 is here already/);
  t.is((await call(KEYS[0])).code, 0);
});
