import { Command, CommanderError, Help, type Option } from 'commander';
import { holdsBytes } from '../bytes.js';
import { SpecError } from '../errors.js';
import { readVersion } from '../version.js';
import { errorExitCode, formatError } from './error-text.js';
import { adviseOnParallelFlag } from './parallel-flag.js';
import { toPlainLine } from './plain-text.js';
import { readArguments } from './read-arguments.js';
import { VERBS } from './verbs.js';

/** Runs one command line and answers its exit code. Never throws and never ends the process itself. */
export async function runCli(given: readonly string[]): Promise<number> {
  let argv = given;
  try {
    argv = readArguments(given);
    return await dispatch(argv);
  } catch (error) {
    const options = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length);
    const style = { json: options.includes('--json'), debug: options.includes('--debug') };
    process.stderr.write(formatError(error, style));
    return errorExitCode(error);
  }
}

async function dispatch(argv: readonly string[]): Promise<number> {
  refuseBytes(argv);
  if (argv.length === 0) return (await import('./status-command.js')).showNewest();
  let exitCode = 0;
  const program = await createProgram(argv, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    throw toUsageError(error, argv);
  }
  return exitCode;
}

/** Only jobs and commands on hosts are given bytes that are not UTF-8: nothing of ours has such a name. */
function refuseBytes(argv: readonly string[]): void {
  const [verb = ''] = argv;
  const word = argv.find(holdsBytes);
  if (word === undefined || verb === 'run' || verb === 'exec') return;
  throw new SpecError('E_USAGE', { what: `${toPlainLine(word)} is not UTF-8`, where: `gpool ${verb}` });
}

async function createProgram(
  [verb = '']: readonly string[],
  finish: (exitCode: number) => void,
): Promise<Command> {
  const program = new Command('gpool')
    .description('Runs a batch of shell jobs on a pool of SSH hosts.')
    .usage('VERB [options]')
    .version(readVersion())
    .enablePositionalOptions()
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', '\nWithout a verb: the status of the newest batch. `gpool VERB --help` has more.');
  // What a verb inherits must be set before the verb is added.
  program
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .configureHelp({ optionDescription });
  const wanted = VERBS.get(verb);
  const loading = wanted ? [wanted] : [...VERBS.values()];
  for (const add of await Promise.all(loading.map((load) => load()))) add(program, finish);
  return program;
}

/** Defaults that mean "not given" are not worth a word. */
function optionDescription(option: Option): string {
  const { defaultValue } = option;
  const isNothing = defaultValue === false || (Array.isArray(defaultValue) && defaultValue.length === 0);
  return isNothing ? option.description : new Help().optionDescription(option);
}

/** One line in our own words: where, what, and what was probably meant. */
function toUsageError({ message }: CommanderError, argv: readonly string[]): SpecError {
  const [what = '', hint] = message.replace(/^error: /, '').split('\n');
  const verb = argv[0] !== undefined && /^[a-z]+$/.test(argv[0]) ? `gpool ${argv[0]}` : 'gpool';
  const advice =
    verb === 'gpool run' ? adviseOnParallelFlag(/^unknown option '(.*)'$/.exec(what)?.[1] ?? '') : undefined;
  const guess = advice ?? hint?.replace(/^\(|\)$/g, '');
  return new SpecError('E_USAGE', {
    what,
    where: verb,
    next: `${guess ? `${guess} ` : ''}See \`${verb} --help\`.`,
  });
}

const EXAMPLES = `Examples:
  gpool run -S 'lab[01-12]' --file sim -- ./sim {} ::: 1 2 3
                                                    run jobs on twelve hosts
  gpool status                                      how the newest batch stands
  gpool logs latest 7 --stderr                      what job 7 wrote
  gpool hosts -S 'lab[01-12]'                       what the hosts have to offer
  gpool exec -S 'lab[01-12]' -- uptime              one command on all of them

`;
