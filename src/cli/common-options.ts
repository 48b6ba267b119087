import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { BatchOptions } from '../batch/batch-options.js';
import type { Contact } from '../batch/create-network.js';
import { trustBatches } from '../batch/foreign-batch.js';
import type { ColorChoice } from './paint.js';
import { type Ask, createPrompt, refusePrompt } from './prompt.js';

/** What every verb takes. */
export interface CommonOptions {
  readonly color: ColorChoice;
  readonly debug: boolean;
}

/** What every verb takes that connects to hosts. */
export interface ConnectOptions extends CommonOptions {
  readonly transport?: 'ssh2' | 'openssh';
  readonly config?: string;
  readonly strict: boolean;
  readonly input: boolean;
}

/** What every verb takes that is told its hosts. */
export interface HostOptions extends ConnectOptions {
  readonly hosts?: readonly string[];
  readonly slf?: readonly string[];
  readonly root?: string;
  readonly trustRoot?: boolean;
}

export function addCommonOptions(command: Command): Command {
  return command
    .optionsGroup('Messages:')
    .addOption(
      new Option('--color <when>', 'colour the output').choices(['auto', 'always', 'never']).default('auto'),
    )
    .option('--debug', 'print stack traces and what the transport does', false)
    .option('--trust-batch', 'take a batch as it is, though other accounts can change it')
    .hook('preAction', (_, acting) => {
      if (acting.opts().trustBatch) trustBatches();
    });
}

export function addConnectOptions(command: Command): Command {
  return addCommonOptions(
    command
      .optionsGroup('Connections:')
      .option('-F, --config <file>', 'read this ssh_config instead of your own')
      .addOption(
        new Option('--transport <how>', "gpool connects itself, or through the system's ssh").choices([
          'ssh2',
          'openssh',
        ]),
      )
      .option('--strict', 'refuse hosts that known_hosts does not list', false)
      .option('--no-input', 'never ask; a question is an error'),
  );
}

export function addHostOptions(command: Command): Command {
  return addConnectOptions(
    command
      .optionsGroup('Hosts:')
      .option(
        '-S, --hosts <hosts>',
        'hosts as [slots/][user@]name[:port], lab[01-12], @group, : for this machine',
        collect,
      )
      .option('--slf <file>', 'read hosts from a file: text or YAML', collect)
      .option('--root <dir>', "gpool's directory on the hosts (default: ~/.gjob)")
      .option('--trust-root', 'take it also where other accounts can put another in its place', false),
  );
}

/** Gathers the values of an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** How to connect: the part of the options that is kept with a batch. */
export function toConnection({ transport, config, strict }: ConnectOptions): BatchOptions {
  return {
    ...(transport && { transport }),
    ...(config !== undefined && { configFile: resolve(config) }),
    ...(strict && { hostKeyPolicy: 'strict' }),
  };
}

/** Who answers questions and who hears of details. `around` lets a live view step aside for a question. */
export function toContact(
  options: ConnectOptions,
  around: { before(): void; after(): void } = { before: () => undefined, after: () => undefined },
): Contact {
  const prompt: Ask = options.input ? createPrompt(around) : refusePrompt;
  const debug = (line: string): void => void process.stderr.write(`debug: ${line}\n`);
  return { prompt, connection: toConnection(options), ...(options.debug && { debug }) };
}
