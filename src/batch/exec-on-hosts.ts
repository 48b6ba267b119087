import { type HostResult, runOnHosts } from '../network/run-on-hosts.js';
import type { Host } from '../spec/host.js';
import { quote } from '../spec/quote.js';
import type { BatchOptions } from './batch-options.js';
import { type Contact, sshSettings } from './create-network.js';

/** Hosts whose command ended in the same way with the same output. */
export interface ExecGroup {
  readonly hosts: readonly string[];
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** Runs one bash command on all hosts at once, with each host's own init lines and environment. */
export function execOnHosts(
  hosts: readonly Host[],
  command: string,
  options: BatchOptions,
  contact: Contact,
): Promise<readonly HostResult[]> {
  const script = { scriptOf: (host: Host) => composeCommand(host, command), deadlineMs: LONGEST_MS };
  return runOnHosts(hosts, script, sshSettings(options, contact));
}

/** Puts equal results together, the largest group first. Hosts that could not be asked are in none. */
export function groupResults(results: readonly HostResult[]): ExecGroup[] {
  const groups = new Map<string, ExecGroup & { readonly hosts: string[] }>();
  for (const result of results) {
    if ('fault' in result) continue;
    const { code, signal, stdout, stderr } = result.ran;
    const key = JSON.stringify([code, signal, stdout.toString('base64'), stderr.toString('base64')]);
    const group = groups.get(key) ?? { hosts: [], code, signal, stdout, stderr };
    group.hosts.push(result.host);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.hosts.length - a.hosts.length);
}

function composeCommand({ init, env }: Host, command: string): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}`);
  return [...exports, ...init, command].join('\n');
}

/** A day: commands of this kind are short; a lost link is noticed long before by its keepalive. */
const LONGEST_MS = 24 * 3600 * 1000;
