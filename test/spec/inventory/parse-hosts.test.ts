import test from 'ava';
import { SpecError } from '../../../src/errors.js';
import type { Host } from '../../../src/spec/host.js';
import { parseHosts } from '../../../src/spec/inventory/parse-hosts.js';

const names = (hosts: string | readonly string[]) => parseHosts(hosts).map(({ name }) => name);

test('a host has the defaults of gpool: a slot for each core, nice 10, ~/.gjob', (t) => {
  t.deepEqual(parseHosts('4/me@gpu1:2222,lab01'), [
    {
      name: 'me@gpu1:2222',
      via: { kind: 'ssh', user: 'me', address: 'gpu1', port: 2222 },
      slots: { kind: 'count', count: 4 },
      nice: 10,
      labels: [],
      root: '~/.gjob',
      init: [],
      env: {},
    },
    {
      name: 'lab01',
      via: { kind: 'ssh', address: 'lab01' },
      slots: { kind: 'cores', plus: 0 },
      nice: 10,
      labels: [],
      root: '~/.gjob',
      init: [],
      env: {},
    },
  ]);
});

const lists: [text: string, names: string[]][] = [
  ['a,b', ['a', 'b']],
  ['a,,b,', ['a', 'b']],
  ['lab[01-03]', ['lab01', 'lab02', 'lab03']],
  ['n[1-3,7]', ['n1', 'n2', 'n3', 'n7']],
  ['n[8-11]', ['n8', 'n9', 'n10', 'n11']],
  ['n[098-101]', ['n098', 'n099', 'n100', 'n101']],
  ['r[1-2]n[a,b].x', ['r1na.x', 'r1nb.x', 'r2na.x', 'r2nb.x']],
  ['me@n[1-2]:22', ['me@n1:22', 'me@n2:22']],
  ['lab[1-4]!lab[2-3]', ['lab1', 'lab4']],
  ['!a,a,b', ['b']],
  ['me@a,b,!a', ['b']],
  ['a,b,a', ['a', 'b']],
];

for (const [text, expected] of lists) {
  test(`${text} is ${expected.join(' ')}`, (t) => t.deepEqual(names(text), expected));
}

const destinations: [text: string, via: Host['via']][] = [
  [':', { kind: 'local' }],
  ['[::1]', { kind: 'ssh', address: '::1' }],
  ['me@[fe80::1]:22', { kind: 'ssh', address: 'fe80::1', user: 'me', port: 22 }],
  ['10.0.0.1:2222', { kind: 'ssh', address: '10.0.0.1', port: 2222 }],
  ['me@dom.org@host', { kind: 'ssh', address: 'host', user: 'me@dom.org' }],
];

for (const [text, via] of destinations) {
  test(`${text} leads to ${JSON.stringify(via)}`, (t) => t.deepEqual(parseHosts(text)[0]?.via, via));
}

const slots: [text: string, slots: Host['slots']][] = [
  ['2/:', { kind: 'count', count: 2 }],
  ['50%/a', { kind: 'percent', percent: 50 }],
  ['cores/a', { kind: 'cores', plus: 0 }],
  ['cores-1/a', { kind: 'cores', plus: -1 }],
  ['cores+2/a', { kind: 'cores', plus: 2 }],
  ['1/a,1/a', { kind: 'count', count: 2 }],
  ['a,a', { kind: 'percent', percent: 200 }],
  ['a,2/a', { kind: 'cores', plus: 2 }],
];

for (const [text, expected] of slots) {
  test(`${text} has slots ${JSON.stringify(expected)}`, (t) =>
    t.deepEqual(parseHosts(text)[0]?.slots, expected));
}

test('an sshlogin file of GNU parallel has one host a line, comments and blank lines', (t) => {
  const hosts = parseHosts('# the lab\n\n8/me@a # fast\r\n  :\nb,c\n');
  t.deepEqual(
    hosts.map(({ name }) => name),
    ['me@a', ':', 'b', 'c'],
  );
});

test('a list of texts is read like one text', (t) => {
  t.deepEqual(names(['lab[1-2]', '4/me@x', '!lab1']), ['lab2', 'me@x']);
});

const mistakes: [text: string, what: string][] = [
  ['a b', '"a b" has a blank in it'],
  ['4/ssh -i key me@a', 'has a blank in it'],
  ['-oProxyCommand=x', 'has an impossible host name'],
  ['a;reboot', 'has an impossible host name'],
  ['$(x)', 'has an impossible host name'],
  ['a\u0007', 'has an impossible host name'],
  ['@', 'has an impossible group name'],
  ['me@', 'has an impossible host name'],
  ['-x@a', 'has an impossible user name'],
  ['a:0', 'has an impossible port: "0"'],
  ['a:65536', 'has an impossible port'],
  ['a:ssh', 'has an impossible port'],
  ['::1', 'write an IPv6 address as [::1]'],
  ['[1:2]', 'has no IPv6 address in its brackets'],
  ['0/a', 'has "0" for its slots'],
  ['x/a', 'has "x" for its slots'],
  ['/a', 'has "" for its slots'],
  ['a[1-3', 'has a bracket without its partner'],
  ['a]', 'has a bracket without its partner'],
  ['a[3-1]', 'has a range that runs backwards: 3-1'],
  ['a[]', 'has a range that is not like'],
  ['a[1-]', 'has a range that is not like'],
  ['a[1-999999999]', 'names more than 100000 hosts'],
  ['a[1-999]b[1-999]', 'names more than 100000 hosts'],
  ['a!', 'has nothing after !'],
  ['a!b', '!b is not in the list'],
  ['@gpu', 'there is no group @gpu'],
  ['50%/a,2/a', 'a is listed twice with slots that cannot be added'],
];

for (const [text, what] of mistakes) {
  test(`${JSON.stringify(text)} is refused: ${what}`, (t) => {
    const error = t.throws(() => parseHosts(text, '-S'), { instanceOf: SpecError, code: 'E_HOST_SYNTAX' });
    t.true(error?.message.startsWith('-S: ') && error.message.includes(what), error?.message);
  });
}

test('a password in a host list is refused and not repeated', (t) => {
  const error = t.throws(() => parseHosts('me:secret@a'), {
    message: /has a password, which does not belong here/,
  });
  t.false(error?.message.includes('secret'));
});

test('all mistakes of a file are told, each with its line', (t) => {
  t.throws(() => parseHosts('a:b\nfine\n-x\n', 'hosts.txt'), {
    message: /^hosts.txt: 2 problems:\n {2}1\. hosts.txt:1: "a:b" .*\n {2}2\. hosts.txt:3: "-x" /,
  });
});

for (const text of ['', ' \n# nobody\n', 'a!a']) {
  test(`${JSON.stringify(text)} names no host`, (t) => {
    t.throws(() => parseHosts(text), { code: 'E_NO_HOST' });
  });
}
