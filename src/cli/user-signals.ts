import { close, url } from 'node:inspector';

/** What the two signals that a person may send do just now. */
export interface UserSignals {
  SIGUSR1(): void;
  SIGUSR2(): void;
}

/**
 * Takes USR1 and USR2 from Node, whose own answers are to open a debugger for everybody on the machine, and to end the process. Call it
 * before anything else. They do nothing until `onUserSignals` says what.
 */
export function claimUserSignals(): void {
  for (const signal of SIGNALS) process.on(signal, nothing);
  // One that came before this line has opened the debugger, or is about to.
  if (asksForDebugger()) return;
  closeDebugger();
  for (const ms of [0, 50, 500]) setTimeout(closeDebugger, ms).unref();
}

/** Hears them until the function that it answers is called. */
export function onUserSignals(does: UserSignals): () => void {
  for (const signal of SIGNALS) process.on(signal, does[signal]);
  return () => {
    for (const signal of SIGNALS) process.off(signal, does[signal]);
  };
}

function closeDebugger(): void {
  if (url() !== undefined) close();
}

function asksForDebugger(): boolean {
  return [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((word) => word.includes('--inspect'));
}

function nothing(): void {}

const SIGNALS = ['SIGUSR1', 'SIGUSR2'] as const;
