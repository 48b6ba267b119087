import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  ERROR_CODES,
  type ErrorCode,
  HostError,
  JobError,
  SpecError,
  StateError,
  TransportError,
  toFault,
} from '../src/errors.js';
import { packageRoot } from './helpers/package-root.js';

const CLASSES = {
  spec: SpecError,
  host: HostError,
  transport: TransportError,
  job: JobError,
  state: StateError,
};
const codes = Object.keys(ERROR_CODES) as ErrorCode[];

for (const code of codes) {
  test(`${code} carries where, operation, cause class and next step`, (t) => {
    const { domain, operation, next } = ERROR_CODES[code];
    const error = new CLASSES[domain](code, { what: 'it broke', where: 'me@lab01:22' });
    t.is(error.message, `me@lab01:22: it broke (${code}). ${next}`);
    t.is(error.domain, domain);
    t.is(error.operation, operation);
    t.regex(next, /^[A-Z`].*[.?]$/, 'the advice is a sentence');
    t.deepEqual(error.toFault(), { code, domain, what: 'it broke', where: 'me@lab01:22', next });
  });
}

test('each code is thrown as the class of its own domain, and each is in use', (t) => {
  const thrown = [...readSource().matchAll(/new (\w+Error)\(\s*'(E_\w+)'/g)].map(([, name, code]) => ({
    name,
    code,
  }));
  const wrong = thrown.filter(
    ({ name, code }) => CLASSES[ERROR_CODES[code as ErrorCode].domain].name !== name,
  );
  t.deepEqual(wrong, []);
  const source = readSource();
  const unused = codes.filter((code) => source.split(`'${code}'`).length < 2);
  t.deepEqual(unused, []);
});

test('what is thrown by others becomes a fault of ours', (t) => {
  const fault = toFault(new TypeError('x is not a function'), 'job 7');
  t.is(fault.code, 'E_INTERNAL');
  t.is(fault.where, 'job 7');
  t.is(fault.what, 'x is not a function');
});

function readSource(): string {
  const root = join(packageRoot(), 'src');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
}
