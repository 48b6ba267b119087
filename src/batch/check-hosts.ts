import { readFile } from 'node:fs/promises';
import { type Fault, HostError } from '../errors.js';
import { packagedHelper } from '../network/direct/packaged-helper.js';
import { DISTRUSTED, TRUST, TRUST_ADVICE } from '../network/direct/trust-script.js';
import { type HostResult, runOnHosts } from '../network/run-on-hosts.js';
import type { Host } from '../spec/host.js';
import type { BatchOptions } from './batch-options.js';
import { type Contact, sshSettings } from './create-network.js';

/** What a host has to offer, or why it cannot be used. */
export type HostCheck =
  | ({ readonly host: string; readonly reachable: true } & HostReport)
  | { readonly host: string; readonly reachable: false; readonly fault: Fault };

export interface HostReport {
  readonly cores: number;
  readonly memoryKb: number;
  readonly memoryFreeKb: number;
  /** Of the last minute. */
  readonly load: number;
  /** People who are logged in. */
  readonly users: number;
  readonly gpus: number;
  readonly bash: string;
  readonly kernel: string;
  /** Its clock less ours, milliseconds; as exact as the answer was quick. */
  readonly clockOffsetMs: number;
  /** Free under gpool's directory there. */
  readonly diskFreeKb: number;
  /** What may go wrong there, each with what to do. */
  readonly findings: readonly string[];
}

/** Asks all hosts at once. Installs nothing; every host has an answer, in the order of the hosts. */
export async function checkHosts(
  hosts: readonly Host[],
  options: BatchOptions,
  contact: Contact,
): Promise<readonly HostCheck[]> {
  const input = await readFile(packagedHelper().path);
  const script = { scriptOf: () => PROBE, argsOf: rootWords, input };
  const results = await runOnHosts(hosts, script, sshSettings(options, contact));
  return results.map(describeResult);
}

function describeResult(result: HostResult): HostCheck {
  const { host } = result;
  if ('fault' in result) return { host, reachable: false, fault: result.fault };
  const { ran, startedAt, endedAt } = result;
  if (ran.code !== 0) {
    const what = ran.stderr.toString('utf8').trim().split('\n').at(-1) || 'the host could not be examined';
    const next = ran.code === DISTRUSTED ? { next: TRUST_ADVICE } : {};
    return {
      host,
      reachable: false,
      fault: new HostError('E_ROOT', { what, where: host, ...next }).toFault(),
    };
  }
  const values = new Map(ran.stdout.toString('utf8').split('\n').map(splitAtTab));
  return { host, reachable: true, ...describeValues(values, (startedAt + endedAt) / 2, endedAt - startedAt) };
}

/** `askedAt` is when the host was asked, by our clock; `tookMs` how long that may be off. */
function describeValues(values: ReadonlyMap<string, string>, askedAt: number, tookMs: number): HostReport {
  const number = (name: string): number => Number(values.get(name) ?? Number.NaN) || 0;
  const report = {
    cores: number('cores'),
    memoryKb: number('memory_kb'),
    memoryFreeKb: number('memory_free_kb'),
    load: number('load'),
    users: number('users'),
    gpus: number('gpus'),
    bash: values.get('bash') ?? '',
    kernel: values.get('kernel') ?? '',
    clockOffsetMs: Math.round(number('now_ms') - askedAt),
    diskFreeKb: number('disk_free_kb'),
  };
  return { ...report, findings: findTrouble(report, values, tookMs) };
}

function findTrouble(
  { cores, load, memoryKb, memoryFreeKb, diskFreeKb, clockOffsetMs }: Omit<HostReport, 'findings'>,
  values: ReadonlyMap<string, string>,
  tookMs: number,
): string[] {
  const rules: readonly (readonly [boolean, string])[] = [
    [load > cores, `others keep it busy (load ${load} on ${cores} cores): give it fewer slots`],
    [memoryFreeKb < memoryKb / 10, 'less than a tenth of its memory is free: give it fewer slots'],
    [
      diskFreeKb < 1024 * 1024,
      'less than 1 GB is free for results: free some, or choose another directory with --root',
    ],
    [
      values.get('inodes_free') === '0',
      'no inode is free: delete files, or choose another directory with --root',
    ],
    [
      Math.abs(clockOffsetMs) > 2000 + tookMs,
      'its clock is off: have it synchronised, or do not compare file times',
    ],
    [values.get('tar') === 'no', 'tar is missing: many small files will take longer to send'],
    [
      values.get('sha256') === 'no',
      'sha256sum is missing: install coreutils, files cannot be checked without',
    ],
    [
      values.get('setsid') === 'no',
      'setsid is missing: install util-linux, or jobs may end with the connection',
    ],
    [
      values.get('killuserprocesses') === 'yes',
      'systemd ends your processes there when you log out: run `loginctl enable-linger` on it once',
    ],
  ];
  return rules.flatMap(([applies, advice]) => (applies ? [advice] : []));
}

function splitAtTab(line: string): [string, string] {
  const at = line.indexOf('\t');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}

function rootWords({ root, trustRoot }: Host): readonly string[] {
  return [root, trustRoot ? '1' : '0'];
}

/**
 * $1 root, $2 whether the way to it is trusted as it is; the helper comes on stdin. Makes nothing: where there is no root yet, the directory is examined
 * that it would be made in. When that goes meanwhile, once more.
 */
const PROBE = `
umask 077
${TRUST}
find_root "$1"
(($2)) || trust_way "$root"
helper=$(cat)
for n in 1 2 3 4 5; do
  at=$root
  while [[ -n $at && ! -e $at && ! -L $at ]]; do at=\${at%/*}; done
  bash <(printf '%s\\n' "$helper") probe "\${at:-/}" </dev/null
  code=$?
  ((code)) && [[ ! -e $at ]] || break
done
exit "$code"`;
