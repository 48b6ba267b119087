import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SpecError } from '../../../src/errors.js';
import { type Inventory, PLAIN_DEFAULTS } from '../../../src/spec/inventory/inventory.js';
import { parseHosts } from '../../../src/spec/inventory/parse-hosts.js';
import { readHostsFile, readInventory } from '../../../src/spec/inventory/read-inventory.js';
import { tempDir } from '../../helpers/temp-dir.js';

async function read(t: ExecutionContext, text: string, name = 'hosts.yaml'): Promise<Inventory> {
  const path = join(await tempDir(t), name);
  await writeFile(path, text);
  return readInventory(path);
}

const LAB = `
defaults: { user: me, slots: cores-1, root: /scratch/gjob }
hosts:
  - lab[01-03]
  - 4/gpu1:2222
  - name: big[1-2]
    slots: 50%
    nice: 0
    labels: gpu
    init: [module load cuda, 'true']
    env: { OMP_NUM_THREADS: 1 }
    identity: ~/.ssh/lab
  - name: alias
    address: 10.0.0.7
    port: 2200
groups:
  some: lab01, gpu1
  rest: ['@all!lab01', '!@gpu']
`;

test('a YAML inventory has defaults, hosts with settings of their own, and groups', async (t) => {
  const { hosts, groups } = await read(t, LAB);
  t.deepEqual(
    hosts.map(({ name }) => name),
    ['lab01', 'lab02', 'lab03', 'gpu1:2222', 'big1', 'big2', 'alias'],
  );
  t.deepEqual(hosts[3], {
    name: 'gpu1:2222',
    via: { kind: 'ssh', address: 'gpu1', user: 'me', port: 2222 },
    slots: { kind: 'count', count: 4 },
    nice: 10,
    labels: [],
    root: '/scratch/gjob',
    init: [],
    env: {},
  });
  t.deepEqual(hosts[4], {
    name: 'big1',
    via: { kind: 'ssh', address: 'big1', user: 'me', identity: '~/.ssh/lab' },
    slots: { kind: 'percent', percent: 50 },
    nice: 0,
    labels: ['gpu'],
    root: '/scratch/gjob',
    init: ['module load cuda', 'true'],
    env: { OMP_NUM_THREADS: '1' },
  });
  t.deepEqual(hosts[6]?.via, { kind: 'ssh', address: '10.0.0.7', user: 'me', port: 2200 });
  t.deepEqual(groups, { some: ['lab01', 'gpu1:2222'], rest: ['lab02', 'lab03', 'gpu1:2222', 'alias'] });
});

test('names on the command line find the inventory’s hosts, groups and labels', async (t) => {
  const inventory = await read(t, LAB);
  const choose = (text: string) => parseHosts(text, '-S', inventory).map(({ name }) => name);
  t.deepEqual(choose('@gpu'), ['big1', 'big2']);
  t.deepEqual(choose('@some,@all!@gpu'), ['lab01', 'gpu1:2222', 'lab02', 'lab03', 'alias']);
  t.deepEqual(choose('@all!@some'), ['lab02', 'lab03', 'big1', 'big2', 'alias']);
  t.is(parseHosts('2/gpu1', '-S', inventory)[0]?.slots.kind, 'count');
  t.is(parseHosts('9/@gpu', '-S', inventory)[1]?.root, '/scratch/gjob');
  const [stranger] = parseHosts('new', '-S', inventory);
  t.deepEqual(stranger?.via, { kind: 'ssh', address: 'new', user: 'me' });
  t.throws(() => parseHosts('@gpus', '-S', inventory), {
    message: /there is no group @gpus \(did you mean @gpu\?\)/,
  });
});

test('a text file is read as GNU parallel’s sshlogin files', async (t) => {
  const { hosts } = await read(t, '4/me@a\n# no\n:\n', 'hosts.txt');
  t.deepEqual(
    hosts.map(({ name }) => name),
    ['me@a', ':'],
  );
});

test('a host listed twice in YAML has the slots of both', async (t) => {
  const { hosts } = await read(t, 'hosts: [1/a, 2/a]');
  t.deepEqual(
    hosts.map(({ slots }) => slots),
    [{ kind: 'count', count: 3 }],
  );
});

const mistakes: [title: string, text: string, problems: string[]][] = [
  [
    'a mistyped key',
    'hosts:\n  - name: a\n    slotz: 3\n',
    ['3: hosts.0: unknown key `slotz` (did you mean `slots`?)'],
  ],
  [
    'a mistyped default',
    'defaults:\n  usr: me\nhosts: [a]\n',
    ['2: defaults: unknown key `usr` (did you mean `user`?)'],
  ],
  ['no hosts', 'defaults: {}\n', ['1: hosts: is not a list of hosts']],
  ['an empty file', '', ['1: is not a map']],
  ['a host that is a number', 'hosts:\n  - 7\n', ['2: hosts.0: is not a host']],
  ['a host without a name', 'hosts:\n  - slots: 1\n', ['2: hosts.0.name: a host needs a name']],
  [
    'impossible slots',
    'hosts:\n  - name: a\n    slots: lots\n',
    ['3: hosts.0.slots: "lots" is not like 4, 50%, cores'],
  ],
  ['zero slots', 'hosts:\n  - name: a\n    slots: 0\n', ['3: hosts.0.slots: "0" is not like']],
  ['niceness 20', 'hosts:\n  - name: a\n    nice: 20\n', ['3: hosts.0.nice: is not from 0 to 19']],
  [
    'a relative root',
    'hosts:\n  - name: a\n    root: x\n',
    ['3: hosts.0.root: is neither absolute nor begins with ~/'],
  ],
  ['a bad range', 'hosts:\n  - fine\n  - lab[01-\n', ['3: "lab[01-" has a bracket without its partner']],
  ['a group for a host', "hosts:\n  - '@x'\n", ['2: @x: hosts are named one by one here']],
  ['one address for many', 'hosts:\n  - name: a[1-2]\n    address: b\n', ['2: a[1-2] is more than one host']],
  [
    'one host described twice',
    'hosts:\n  - a\n  - name: a\n    nice: 3\n',
    ['3: a is listed twice with different settings'],
  ],
  [
    'a stranger in a group',
    'hosts: [lab1]\ngroups:\n  g: lab3\n',
    ['3: group g: lab3 is not among the hosts'],
  ],
  ['an unknown group in a group', "hosts: [a]\ngroups:\n  g: '@h'\n", ['3: there is no group @h']],
  ['broken YAML', 'hosts: [a\n', ['2: no valid YAML']],
  [
    'two mistakes',
    'hosts:\n  - x/a\n  - a:b\n',
    ['2: "x/a" has "x" for its slots', '3: "a:b" has an impossible port'],
  ],
];

for (const [title, text, problems] of mistakes) {
  test(`a YAML inventory with ${title} is refused, with file and line`, async (t) => {
    const error = await t.throwsAsync(read(t, text), { instanceOf: SpecError });
    for (const problem of problems) t.true(error?.message.includes(`hosts.yaml:${problem}`), error?.message);
  });
}

test('a hosts file that is not there is told by its name', async (t) => {
  await t.throwsAsync(readHostsFile('/nonexistent/hosts'), {
    code: 'E_INVENTORY',
    message: /hosts file cannot be read: ENOENT/,
  });
});

test('variables of a host are added to those of the defaults; the nearer word holds', async (t) => {
  const file = join(await tempDir(t), 'hosts.yaml');
  const text = 'defaults: { env: { A: 1, B: 2 } }\nhosts: [plain, { name: own, env: { B: 3, C: 4 } }]\n';
  await writeFile(file, text);
  const { hosts } = await readInventory(file);
  t.deepEqual(
    hosts.map(({ env }) => env),
    [
      { A: '1', B: '2' },
      { A: '1', B: '3', C: '4' },
    ],
  );
});

test('what is said of all hosts holds for those that say nothing themselves, in YAML and in text', async (t) => {
  const directory = await tempDir(t);
  await writeFile(join(directory, 'hosts.yaml'), 'hosts: [plain, { name: own, nice: 15 }]\n');
  await writeFile(join(directory, 'hosts'), 'plain\n');
  const base = { ...PLAIN_DEFAULTS, nice: 3 };
  const niceOf = async (name: string) =>
    (await readInventory(join(directory, name), base)).hosts.map(({ nice }) => nice);
  t.deepEqual(await niceOf('hosts.yaml'), [3, 15]);
  t.deepEqual(await niceOf('hosts'), [3]);
});
