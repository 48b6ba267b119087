import test from 'ava';
import { parseHosts } from '../../../src/spec/inventory/parse-hosts.js';

const FOREIGN: readonly (readonly [text: string, told: RegExp])[] = [
  ['[gpu]\nlab01\n', /"\[gpu\]" is a line of an INI file/],
  ['[gpu:children]\nlab01', /INI file/],
  ['lab01 ansible_host=10.0.0.1', /Ansible inventory/],
  ['www[01:50].x', /Ansible inventory/],
  ['all:\n  hosts:\n', /YAML inventory/],
  ['NodeName=lab[01-04] CPUs=4', /Slurm/],
  ['lab01 slots=4 max_slots=8', /MPI hostfile/],
  ['127.0.0.1 localhost\n10.0.0.1 lab01', /\/etc\/hosts/],
  ['::1 localhost', /\/etc\/hosts/],
  ['Host lab01\n  Port 22', /ssh_config/],
  ['host,slots\nlab01,4', /CSV/],
  ['lab01,4', /a number is no host/],
  ['name;user\nlab01;me', /CSV/],
  ['- lab01', /YAML or JSON/],
  ['["lab01", "lab02"]', /E_HOST_SYNTAX/],
  ['lab01 rack=2', /genders/],
];

for (const [text, told] of FOREIGN) {
  test(`${JSON.stringify(text)} gives no host, and is named`, (t) => {
    const error = t.throws(() => parseHosts(text, 'hosts.txt'), { code: 'E_HOST_SYNTAX' });
    t.regex(error?.message ?? '', told);
  });
}

test('what means one thing only is read', (t) => {
  const names = (text: string) => parseHosts(text, 'hosts.txt').map(({ name }) => name);
  t.deepEqual(parseHosts('lab01 slots=4', 'f')[0]?.slots, { kind: 'count', count: 4 });
  t.deepEqual(names('lab01 slots = 2\nlab02'), ['lab01', 'lab02']);
  t.deepEqual(names('lab[01-02],gpu[1,3]'), ['lab01', 'lab02', 'gpu1', 'gpu3']);
  t.deepEqual(names('[a,b]1\n10.0.0.1\n[::1]:22\n4/me@gpu1:2222\n# 127.0.0.1 localhost'), [
    'a1',
    'b1',
    '10.0.0.1',
    '[::1]:22',
    'me@gpu1:2222',
  ]);
});
