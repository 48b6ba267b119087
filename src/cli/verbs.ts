import type { Command } from 'commander';

/** Adds a verb to the program; `finish` takes its exit code. */
export type AddVerb = (program: Command, finish: (exitCode: number) => void) => void;

/** The verbs in the order of the help, each loaded only when it is asked for: a command starts the sooner for it. */
export const VERBS: ReadonlyMap<string, () => Promise<AddVerb>> = new Map([
  ['run', async () => (await import('./run-command.js')).addRunCommand],
  ['resume', async () => (await import('./resume-command.js')).addResumeCommand],
  ['rerun', async () => (await import('./rerun-command.js')).addRerunCommand],
  ['status', async () => (await import('./status-command.js')).addStatusCommand],
  ['why', async () => (await import('./why-command.js')).addWhyCommand],
  ['logs', async () => (await import('./logs-command.js')).addLogsCommand],
  ['attach', async () => (await import('./attach-command.js')).addAttachCommand],
  ['cancel', async () => (await import('./job-order-command.js')).addCancelCommand],
  ['pause', async () => (await import('./job-order-command.js')).addPauseCommand],
  ['unpause', async () => (await import('./job-order-command.js')).addUnpauseCommand],
  ['cap', async () => (await import('./cap-command.js')).addCapCommand],
  ['hosts', async () => (await import('./hosts-command.js')).addHostsCommand],
  ['gc', async () => (await import('./gc-command.js')).addGcCommand],
  ['exec', async () => (await import('./exec-command.js')).addExecCommand],
]);
