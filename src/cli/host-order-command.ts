import { type Command, Option } from 'commander';
import { findOwnBatch } from '../batch/find-batch.js';
import { type GivenOrder, giveOrder } from '../batch/give-order.js';
import { foldHosts } from '../spec/inventory/fold-hosts.js';
import { parseHosts } from '../spec/inventory/parse-hosts.js';
import { chooseHosts } from './choose-hosts.js';
import { addConnectOptions, type ConnectOptions, collect, toContact } from './common-options.js';
import { formatFault } from './error-text.js';
import { toPlainLine } from './plain-text.js';
import { describePlace } from './show-batch.js';

interface HostOrderOptions extends ConnectOptions {
  readonly reason: string;
  readonly now?: boolean;
  readonly slf?: readonly string[];
  readonly root?: string;
}

type HostOrder = Extract<
  Parameters<typeof giveOrder>[1],
  { kind: 'add' | 'hold' | 'release' | 'drain' | 'remove' }
>;
type Verb = HostOrder['kind'];

/** `gpool hosts add | hold | release | drain | remove`: the pool of a batch, changed while it runs or before it goes on. */
export function addHostOrders(hosts: Command, finish: (exitCode: number) => void): void {
  for (const verb of VERBS) {
    const command = hosts
      .command(verb)
      .summary(SUMMARIES[verb])
      .argument('<batch>', 'a batch directory, its name under ./batches, or latest')
      .argument('<hosts...>', 'hosts as [slots/][user@]name[:port], lab[01-12]')
      .addHelpText('before', EXAMPLES);
    if (verb === 'add') {
      command
        .option('--slf <file>', 'take the settings of the hosts from a file', collect)
        .option('--root <dir>', "gpool's directory on the hosts (default: ~/.gjob)");
    } else if (verb !== 'release') {
      command.addOption(new Option('--reason <text>', 'shown to whoever asks').default('by hand'));
    }
    if (verb === 'remove')
      command.option('--now', 'do not wait for what runs there: run it elsewhere', false);
    addConnectOptions(command).action(async (batch: string, words: string[], options: HostOrderOptions) => {
      finish(await order(verb, batch, words, options));
    });
  }
}

async function order(
  verb: Verb,
  batch: string,
  words: readonly string[],
  options: HostOrderOptions,
): Promise<number> {
  const cwd = process.cwd();
  const directory = await findOwnBatch(batch, cwd);
  const place = describePlace({ directory: directory.path }, cwd);
  const wanted = await planOrder(verb, words, options);
  const given = await giveOrder(directory, wanted, toContact(options));
  for (const fault of given.faults) process.stderr.write(`${formatFault(fault)}\n`);
  const names = wanted.hosts.map((host) => (typeof host === 'string' ? host : host.name));
  process.stderr.write(`gpool: ${describeGiven(wanted, toPlainLine(foldHosts(names)), given, place)}\n`);
  return 0;
}

async function planOrder(
  verb: Verb,
  words: readonly string[],
  options: HostOrderOptions,
): Promise<HostOrder> {
  const { reason = '', now = false } = options;
  if (verb === 'add') return { kind: verb, hosts: (await chooseHosts({ ...options, hosts: words })) ?? [] };
  const hosts = parseHosts(words, `gpool hosts ${verb}`).map(({ name }) => name);
  return verb === 'remove' ? { kind: verb, hosts, reason, now } : { kind: verb, hosts, reason };
}

function describeGiven(
  wanted: HostOrder,
  names: string,
  { changed, by }: Pick<GivenOrder, 'changed' | 'by'>,
  place: string,
): string {
  if (changed === 0) return `${names}: nothing to ${wanted.kind}, it was so already`;
  const next = by === 'journal' ? `; \`gpool resume ${place}\` goes on with the batch` : '';
  return `${names} ${describe(wanted)}${next}`;
}

function describe(order: HostOrder): string {
  if (order.kind === 'remove' && order.now)
    return 'removed; what it had goes to other hosts if it may be repeated';
  return DONE[order.kind];
}

const VERBS: readonly Verb[] = ['add', 'hold', 'release', 'drain', 'remove'];

const SUMMARIES: Readonly<Record<Verb, string>> = {
  add: 'let hosts join a batch, or change their slots',
  hold: 'give hosts nothing new; what runs there goes on',
  release: 'let hosts have jobs again',
  drain: 'give hosts nothing new, and let go of them when they are empty',
  remove: 'take hosts out of a batch',
};

const DONE: Readonly<Record<Verb, string>> = {
  add: 'added',
  hold: 'held: nothing new goes there, what runs there goes on',
  release: 'released',
  drain: 'draining: let go of when nothing is left there',
  remove: 'draining: let go of when nothing is left there',
};

const EXAMPLES = `Examples:
  gpool hosts hold latest lab03 --reason 'Ann needs it'   what runs there goes on
  gpool hosts release latest lab03
  gpool hosts drain latest 'lab[01-04]'                   let go of when empty
  gpool hosts remove latest lab07 --now                   what it had is done elsewhere
  gpool hosts add latest 4/gpu1                           a host more; or other slots for one

`;
