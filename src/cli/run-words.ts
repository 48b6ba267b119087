import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { SpecError } from '../errors.js';

/**
 * The words of `gpool run`, checked: a batch file by itself, or a command, whose words are all its own. Options count behind a batch
 * file, too: they are read into those of `command`. Throws a SpecError (E_USAGE).
 */
export function readRunWords(command: Command, words: readonly string[]): readonly string[] {
  refuseNumber(words, 'gpool run');
  const [file = '', ...behind] = words;
  if (!isBatchFile(words)) return words;
  const { operands, unknown } = command.parseOptions(behind);
  const [stranger] = [...unknown, ...operands];
  if (stranger === undefined) return [file];
  const what =
    unknown.length > 0 ? `unknown option '${stranger}'` : `${quote(stranger)} follows a batch file`;
  const next = `${file} is a batch file: only options of gpool go beside it. As a command it goes into quotes with its words: '${file} …'.`;
  throw new SpecError('E_USAGE', { what, where: 'gpool run', next });
}

/** Whether the words name a batch file rather than a command. */
export function isBatchFile([first = '', ...others]: readonly string[]): boolean {
  if (!/^\S+\.(ya?ml|json)$/i.test(first) || others.some((word) => /^::::?\+?$/.test(word))) return false;
  return others.every((word) => word.startsWith('-')) || existsSync(first);
}

/** Throws a SpecError (E_USAGE) where an option that is only a number would become the command. */
export function refuseNumber([first = '']: readonly string[], where: string): void {
  if (!/^-\.?\d/.test(first)) return;
  const what = `unknown option '${first}'`;
  throw new SpecError('E_USAGE', { what, where, next: NUMBERS.get(first) ?? `See \`${where} --help\`.` });
}

function quote(word: string): string {
  return JSON.stringify(word);
}

const NUMBERS: ReadonlyMap<string, string> = new Map([
  ['-0', "Arguments are lines here; make them so: find … -print0 | tr '\\0' '\\n' | gpool run …"],
]);
