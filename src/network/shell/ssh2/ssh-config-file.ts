import { readFileSync } from 'node:fs';
import { HostError } from '../../../errors.js';
import type { SshDestination } from '../../../spec/host.js';
import { matchesPatternList } from './pattern-list.js';

/** Lower-case key to its values in order, as `ssh -G` prints them. */
export type ConfigValues = Map<string, string[]>;

/**
 * Reads an ssh_config without OpenSSH's client, for machines that have none. Knows `Host` blocks and plain keys; the
 * first value of a key counts, as in ssh, but for IdentityFile, where all do.
 *
 * @throws HostError E_SSH_CONFIG for an unreadable file, and for Include and Match, which need the real client.
 */
export function readSshConfig(path: string | undefined, destination: SshDestination): ConfigValues {
  const values: ConfigValues = new Map();
  const { user, port, identity, address } = destination;
  if (user !== undefined) values.set('user', [user]);
  if (port !== undefined) values.set('port', [String(port)]);
  if (identity !== undefined) values.set('identityfile', [identity]);
  if (path === undefined || path === 'none') return values;
  let applies = true;
  for (const [index, line] of readText(path).split('\n').entries()) {
    const { name, text, words } = splitLine(line);
    if (name === '') continue;
    if (name === 'include' || name === 'match') throw needsClient(`${path}:${index + 1}`, name);
    if (name === 'host') applies = matchesPatternList(address, words.join(','));
    else if (applies) remember(values, name, name === 'proxycommand' ? text : words.join(' '));
  }
  return values;
}

function remember(values: ConfigValues, name: string, value: string): void {
  const held = values.get(name);
  if (held === undefined) values.set(name, [value]);
  else if (name === 'identityfile') held.push(value);
}

/** `Key value`, `Key=value` and `Key "a value"`; a line that begins with # is a comment. */
function splitLine(line: string): { name: string; text: string; words: string[] } {
  const [, key = '', text = ''] = /^\s*([^\s=#][^\s=]*)\s*=?\s*(.*?)\s*$/.exec(line) ?? [];
  const words = (text.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^"(.*)"$/, '$1'));
  return { name: key.toLowerCase(), text, words };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new HostError('E_SSH_CONFIG', {
      what: 'the ssh_config cannot be read',
      where: path,
      next: 'Check the path given with -F and its permissions.',
      cause,
    });
  }
}

function needsClient(where: string, key: string): HostError {
  return new HostError('E_SSH_CONFIG', {
    what: `${key} needs the OpenSSH client to be resolved, and there is no \`ssh\` on the PATH`,
    where,
    next: 'Install the OpenSSH client, or name a plainer file with -F.',
  });
}
