import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { planPoolChange, watchHostsFile } from '../../src/batch/watch-hosts-file.js';
import { systemClock } from '../../src/clock.js';
import { parseHosts } from '../../src/spec/inventory/parse-hosts.js';
import { readHostsFile } from '../../src/spec/inventory/read-inventory.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

test('hosts that are new or described otherwise are added, each that vanished is drained', (t) => {
  const before = parseHosts('2/a,b,c');
  const after = parseHosts('4/a,b,d');
  const orders = planPoolChange(before, after, 'hosts.txt');
  t.is(orders.length, 2);
  const [added, gone] = orders;
  t.deepEqual(added?.kind === 'add' && added.hosts.map(({ name }) => name), ['a', 'd']);
  t.deepEqual(gone, { kind: 'drain', hosts: ['c'], reason: 'not in hosts.txt any more' });
  t.deepEqual(planPoolChange(before, before, 'hosts.txt'), []);
});

/** A watched file; the clock runs thirty times as fast. */
async function watch(t: ExecutionContext) {
  const file = join(await tempDir(t), 'hosts.txt');
  await writeFile(file, 'a\nb\n');
  const said: string[] = [];
  const waits = new Set<() => void>();
  let looks = 0;
  const after = (ms: number, call: () => void) => {
    looks += 1;
    const cancel = systemClock.after(ms / 30, call);
    waits.clear();
    waits.add(cancel);
    return () => {
      waits.delete(cancel);
      cancel();
    };
  };
  const end = watchHostsFile({
    files: [file],
    read: () => readHostsFile(file),
    hosts: await readHostsFile(file),
    clock: { ...systemClock, after },
    async order(order) {
      const names =
        'hosts' in order ? order.hosts.map((host) => (typeof host === 'string' ? host : host.name)) : [];
      said.push(`${order.kind} ${names}`);
    },
    onProblem: (error) => said.push(String(error)),
  });
  t.teardown(end);
  await waitFor(() => looks > 0, { limitMs: 60_000, what: 'the first look' });
  return { file, said, end, waits };
}

test('a file that is replaced is followed, a broken one is told of once and followed when it is right again', async (t) => {
  const { file, said, end, waits } = await watch(t);
  await writeFile(`${file}.new`, 'a\nc\n');
  await rename(`${file}.new`, file);
  await waitFor(() => said.length === 2, { limitMs: 60_000, what: 'the first orders' });
  t.deepEqual(said.splice(0), ['add c', 'drain b']);

  await writeFile(file, 'a\nc\nd:no-port\n');
  await waitFor(() => said.length === 1, { limitMs: 60_000, what: 'the complaint' });
  t.regex(said.splice(0).join(), /hosts\.txt:3.*E_HOST_SYNTAX/);
  await writeFile(file, '');
  await waitFor(() => said.length === 1, { limitMs: 60_000, what: 'the complaint about an empty file' });
  t.regex(said.splice(0).join(), /no host.*E_NO_HOST/);

  await writeFile(file, 'a\nc\nd\n');
  await waitFor(() => said.length === 1, { limitMs: 60_000, what: 'the next order' });
  t.deepEqual(said.splice(0), ['add d']);
  await waitFor(() => waits.size === 1, { limitMs: 60_000, what: 'the next look to be planned' });
  end();
  t.is(waits.size, 0, 'nothing looks any more');
});
