import type { Command } from 'commander';
import { checkHosts, type HostCheck } from '../batch/check-hosts.js';
import { foldHosts } from '../spec/inventory/fold-hosts.js';
import { addHostOptions, type HostOptions, toConnection, toContact } from './common-options.js';
import { formatFault } from './error-text.js';
import { needHosts } from './exec-command.js';
import { addHostOrders } from './host-order-command.js';
import { createPaint, type Paint, wantsColor } from './paint.js';
import { toPlainLine } from './plain-text.js';
import { formatTable } from './table.js';

interface HostsOptions extends HostOptions {
  readonly json: boolean;
}

/** `gpool hosts`: what the hosts have to offer, and what is wrong with them. */
export function addHostsCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('hosts')
    .summary('show what hosts have to offer, and what is wrong with them; change the hosts of a batch')
    .enablePositionalOptions()
    .option('--json', 'one JSON value', false)
    .addHelpText('before', EXAMPLES);
  addHostOptions(command).action(async (options: HostsOptions) => {
    finish(await showHosts(options));
  });
  addHostOrders(command, finish);
}

async function showHosts(options: HostsOptions): Promise<number> {
  const hosts = await needHosts(options);
  const checks = await checkHosts(hosts, toConnection(options), toContact(options));
  const paint = createPaint(wantsColor(options.color, process.env, process.stdout.isTTY === true));
  process.stdout.write(
    options.json ? `${JSON.stringify({ schema: 1, hosts: checks })}\n` : formatChecks(checks, paint),
  );
  return checks.some(({ reachable }) => reachable) ? 0 : 4;
}

function formatChecks(checks: readonly HostCheck[], paint: Paint): string {
  const up = checks.filter((check) => check.reachable);
  const down = checks.filter((check) => !check.reachable);
  const rows = up.map((check) => [
    toPlainLine(check.host),
    String(check.cores),
    formatSize(check.memoryKb),
    formatSize(check.memoryFreeKb),
    check.load.toFixed(2),
    String(check.users),
    String(check.gpus),
    toPlainLine(check.bash),
    formatOffset(check.clockOffsetMs),
    formatSize(check.diskFreeKb),
  ]);
  return [
    ...(up.length > 0 ? [formatTable([HEAD.map((name) => paint.bold(name)), ...rows])] : []),
    ...foldFindings(up).map(
      ([finding, hosts]) => `${paint.yellow('!')} ${foldHosts(hosts)}: ${toPlainLine(finding)}`,
    ),
    ...down.map(({ fault }) => `${paint.red('✗')} ${formatFault(fault).replace(/^gpool: /, '')}`),
    paint.dim(`${up.length} of ${checks.length} hosts can be used`),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** What many hosts have in common is said once. */
function foldFindings(checks: readonly Extract<HostCheck, { reachable: true }>[]): [string, string[]][] {
  const byFinding = new Map<string, string[]>();
  for (const { host, findings } of checks) {
    for (const finding of findings) byFinding.set(finding, [...(byFinding.get(finding) ?? []), host]);
  }
  return [...byFinding];
}

function formatSize(kb: number): string {
  return kb >= 1024 * 1024 ? `${(kb / 1024 / 1024).toFixed(0)}G` : `${(kb / 1024).toFixed(0)}M`;
}

/** A difference that the journey of the question may explain is none. */
function formatOffset(ms: number): string {
  return Math.abs(ms) < 500 ? '0s' : `${ms > 0 ? '+' : ''}${(ms / 1000).toFixed(1)}s`;
}

const HEAD = ['host', 'cores', 'memory', 'free', 'load', 'users', 'gpus', 'bash', 'clock', 'disk free'];

const EXAMPLES = `Examples:
  gpool hosts -S 'lab[01-12]'            cores, memory, load, users, GPUs, bash, clock, free disk
  gpool hosts --slf hosts.yaml --json    as one JSON value, for programs
  gpool hosts hold latest lab03          the hosts of a batch: add, hold, release, drain, remove

`;
