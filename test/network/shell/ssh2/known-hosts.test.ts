import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { HostError } from '../../../../src/errors.js';
import {
  findEntries,
  fingerprint,
  hashHostName,
  judgeHostKey,
} from '../../../../src/network/shell/ssh2/known-hosts.js';
import { addKnownHost, readKnownHosts } from '../../../../src/network/shell/ssh2/known-hosts-file.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { blobOf, makeKey } from './host-keys.js';

const [A, B] = [makeKey('ssh-ed25519'), makeKey('ssh-ed25519')];
const E = makeKey('ecdsa-sha2-nistp256');

/** Names as a known_hosts line has them, a name asked for, and whether the line speaks of it. */
const NAMES: readonly [names: string, asked: string, found: boolean][] = [
  ['lab01', 'lab01', true],
  ['LAB01', 'lab01', true],
  ['lab01', 'lab011', false],
  ['other,lab01', 'lab01', true],
  ['lab*', 'lab01', true],
  ['lab0?', 'lab01', true],
  ['lab0?', 'lab0', false],
  ['*,!lab01', 'lab01', false],
  ['!lab01,*', 'lab02', true],
  ['!lab01', 'lab02', false],
  ['[lab01]:2222', '[lab01]:2222', true],
  ['lab01', '[lab01]:2222', false],
  ['[lab01]:2222', 'lab01', false],
  ['[*]:2222', '[lab01]:2222', true],
  [hashHostName('lab01', Buffer.alloc(20, 7)), 'lab01', true],
  [hashHostName('lab02', Buffer.alloc(20, 7)), 'lab01', false],
  ['|1|broken', 'lab01', false],
  ['|2|AAAA|BBBB', 'lab01', false],
  ['***************************b', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false],
];

for (const [names, asked, found] of NAMES) {
  test(`${names} ${found ? 'speaks' : 'does not speak'} of ${asked}`, (t) => {
    t.is(findEntries([{ path: 'f', text: `${names} ${A}\n` }], asked).length, found ? 1 : 0);
  });
}

test('lines that are no entries are passed over, and the others keep their numbers', (t) => {
  const text = [
    '# lab01',
    '',
    'lab01',
    `lab01 ssh-ed25519`,
    `lab01 ssh-rsa ${A.split(' ')[1]}`,
    'lab01 1024 35 1234',
    `@odd lab01 ${A}`,
    `  lab01\t${A} me@x\r`,
    `lab01 ${A.slice(0, -8)}`,
  ].join('\n');
  t.deepEqual(
    findEntries([{ path: 'f', text }], 'lab01').map(({ at }) => at),
    ['f:8'],
  );
});

test('a key is known, unknown, changed or revoked', (t) => {
  const judge = (text: string) => judgeHostKey(findEntries([{ path: 'f', text }], 'lab01'), blobOf(A)).kind;
  t.is(judge(''), 'unknown');
  t.is(judge(`lab02 ${A}`), 'unknown');
  t.is(judge(`lab01 ${A}`), 'known');
  t.is(judge(`lab01 ${B}\nlab01 ${A}`), 'known');
  t.is(judge(`lab01 ${B}`), 'changed');
  t.is(judge(`lab01 ${E}`), 'changed', 'another type only');
  t.is(judge(`lab01 ${A}\n@revoked * ${A}`), 'revoked');
  t.is(judge(`lab01 ${A}\n@revoked * ${B}`), 'known');
  t.is(judge(`@cert-authority * ${A}`), 'unknown', 'an authority is not a host key');
});

test('fingerprints look as ssh-keygen prints them', (t) => {
  t.regex(fingerprint(blobOf(A)), /^SHA256:[A-Za-z0-9+/]{43}$/);
});

test('a new key is appended, with mode 0600, after a line that lacked its end', async (t) => {
  const directory = await tempDir(t);
  const path = join(directory, 'new', 'known_hosts');
  addKnownHost(path, '[lab01]:2222', blobOf(A), false);
  t.is(await readFile(path, 'utf8'), `[lab01]:2222 ${A}\n`);
  t.is((await stat(path)).mode & 0o777, 0o600);
  t.is((await stat(join(directory, 'new'))).mode & 0o777, 0o700);
  await writeFile(path, `x ${B}`);
  addKnownHost(path, 'lab01', blobOf(A), false);
  t.is(await readFile(path, 'utf8'), `x ${B}\nlab01 ${A}\n`);
});

test('a new key is hashed when asked, and when the file already is', async (t) => {
  const path = join(await tempDir(t), 'known_hosts');
  addKnownHost(path, 'lab01', blobOf(A), true);
  addKnownHost(path, 'lab02', blobOf(B), false);
  const text = await readFile(path, 'utf8');
  t.regex(text, /^(\|1\|\S+ ssh-ed25519 \S+\n){2}$/);
  t.is(findEntries([{ path, text }], 'lab02').length, 1);
});

test('no name can say more than one host', async (t) => {
  const path = join(await tempDir(t), 'known_hosts');
  for (const name of ['a b', 'a\nb', 'a,b', '*', '!a', '@revoked', '#a', '|1|a', ''])
    t.throws(() => addKnownHost(path, name, blobOf(A), false), { instanceOf: HostError });
  await t.throwsAsync(stat(path));
});

test('a missing file is empty; an unreadable one is an error', async (t) => {
  const directory = await tempDir(t);
  t.is(readKnownHosts(join(directory, 'none')).text, '');
  const path = join(directory, 'known_hosts');
  await mkdir(path);
  const error = t.throws(() => readKnownHosts(path), { instanceOf: HostError });
  t.is(error?.code, 'E_KNOWN_HOSTS');
  await chmod(path, 0o700);
});
