import test, { type ExecutionContext } from 'ava';
import { EmptyTalk } from '../../../src/network/direct/empty-talk.js';
import { SshNetwork } from '../../../src/network/ssh-network.js';
import { startEmbeddedHosts } from '../../../src/testing/embedded-hosts.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { waitFor } from '../../helpers/wait-for.js';
import { localPool, openPool, type Pool } from './pool.js';

/** What a host may say for ever, made by a job that writes into the event file of its batch. Each ends by itself in the end. */
const STREAMS: Readonly<Record<string, string>> = {
  'empty lines': "yes ''",
  'letters that only a later helper knows': "yes $'Z\\t1.1\\tsomething'",
  'lines that were torn': "yes $'X\\t1.1\\t1'",
  'a long line of an unknown letter': 'yes "$(printf "Z\\t%060000d" 1)" | head -n 500',
  'answers to nobody': "yes $'B\\tffffffffffff.7'",
  'answers that were given before': 'yes "$(grep -m 1 ^B ../../../events)"',
  'a start that is known': 'yes "$(grep -m 1 ^S ../../../events)"',
  'an end that is known': 'yes "$(grep -m 1 ^X ../../../events)"',
  'a start and an end that are known, in turns': 'yes "$(grep -m 2 ^[SX] ../../../events)"',
  'agents that begin': 'yes "$(grep -m 1 ^V ../../../events)"',
  'a line without end': "yes '' | tr '\\n' x",
};

for (const [what, stream] of Object.entries(STREAMS)) {
  test.serial(`a host that says ${what} on and on is given up by its name`, async (t) => {
    await flood(t, await localPool(t), stream);
  });
}

test.serial('so is one behind SSH', async (t) => {
  const pool = await startEmbeddedHosts({ names: ['lab01'] });
  t.teardown(() => pool.close());
  const directory = await tempDir(t);
  const network = new SshNetwork({ hosts: ['lab01'], configFile: pool.sshConfig, cwd: directory });
  await flood(t, await openPool(t, network, directory, 'b1'), "yes ''", 'lab01');
});

async function flood(t: ExecutionContext, pool: Pool, stream: string, name?: string): Promise<void> {
  await pool.ended(await pool.launch('1.1', { commands: ['true'] }));
  await pool.launch('2.1', {
    commands: [`(${stream}) | head -c 40000000 | head -n 20000 >> ../../../events`],
  });
  const failed = await waitFor(() => pool.events.find(({ type }) => type === 'host.failed'), {
    limitMs: 30_000,
    what: 'the end of the patience',
  });
  const [host] = pool.network.getHosts();
  t.like(failed, { type: 'host.failed', host: name ?? host?.name, fault: { code: 'E_PROTOCOL' } });
  t.log(failed.type === 'host.failed' && failed.fault.what);
}

test.serial(
  'what means nothing now and then, between lines that mean something, is listened to for ever',
  (t) => {
    const talk = new EmptyTalk('lab01');
    for (let at = 0; at < 200_000; at += 1) talk.hear(`S\t${at}.1\t1\t7\t1`, at % 9_000 === 0);
    t.pass();
  },
);

test.serial('lines that come twice after a full disk are no such talk', (t) => {
  const talk = new EmptyTalk('lab01');
  for (let at = 0; at < 50_000; at += 1)
    for (const _ of ['once', 'again']) talk.hear(`X\t${at}.1\t1\tcode\t0`, true);
  t.pass();
});

test.serial('the fault names the host, and how much it said', (t) => {
  const talk = new EmptyTalk('lab01');
  const say = (): void => {
    for (;;) talk.hear('', false);
  };
  t.throws(say, { code: 'E_PROTOCOL', message: /lab01.*10001 lines \(10001 bytes\)/ });
});
