import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { VERBS } from '../../../src/cli/verbs.js';
import { packageRoot } from '../../helpers/package-root.js';
import { runGpool } from '../../helpers/run-gpool.js';

/** A command as a reader would copy it, and where it is printed. */
export interface PrintedCommand {
  readonly text: string;
  readonly where: string;
}

const root = packageRoot();

/** The pages whose commands are collected: README, docs/, and what lies in examples/. */
export function listPages(): string[] {
  return ['README.md', ...listFiles('docs', /\.md$/), ...listFiles('examples', /\.(md|ts|ya?ml)$/)];
}

function listFiles(folder: string, names: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && names.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

/** The commands of one page: of its `sh` and `console` blocks, inline, and of a comment at its beginning. */
export function readPage(page: string): PrintedCommand[] {
  const text = readFileSync(join(root, page), 'utf8');
  const found = page.endsWith('.md') ? readMarkdown(text) : readSource(text);
  return found.map((command) => ({ text: command, where: page }));
}

const BLOCK = /^ *```(\w*)[^\n]*\n(.*?)^ *```/gms;

function readMarkdown(text: string): string[] {
  const blocks = [...text.matchAll(BLOCK)].flatMap(([, language = '', body = '']) =>
    readBlock(language, body.split('\n')),
  );
  return [...blocks, ...readInline(text.replaceAll(BLOCK, ''))];
}

function readBlock(language: string, lines: readonly string[]): string[] {
  if (language === 'console')
    return lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
  if (language === 'sh') return lines.map(withoutComment).filter((line) => line !== '');
  // A command in any other block is an oversight: it is collected as it stands, so that nobody knows it.
  return lines.filter((line) => /^(\$ )?(gpool|parallel|npm) /.test(line));
}

function withoutComment(line: string): string {
  return line.replace(/(^|\s)#( .*)?$/, '').trim();
}

/** Inline `gpool VERB words`; the name of a verb alone, and a form with words in capitals, is no command. */
function readInline(text: string): string[] {
  return [...text.matchAll(/(?<!`)`(gpool(?: [^`\n]*)?)`/g)]
    .map(([, command = '']) => command)
    .filter((command) => !isVerb(command) && !isForm(command));
}

function isVerb(command: string): boolean {
  return /^gpool( [a-z]+){0,1}$|^gpool hosts [a-z]+$/.test(command) || command === 'gpool run --detach';
}

function isForm(command: string): boolean {
  return /(^|[\s[|])[A-Z]{2,}\b|…|\|/.test(command);
}

/** Examples say in a comment how they are started, and print what to try next. */
function readSource(text: string): string[] {
  const first = text.split('\n', 1)[0] ?? '';
  const comment = /^# (gpool .*)$/.exec(first)?.[1];
  const inline = [...text.matchAll(/`((?:gpool|npm) [^`$]*)`/g)].map(([, command = '']) => command);
  return [...(comment === undefined ? [] : [comment]), ...inline.filter((command) => !isVerb(command))];
}

/** The examples at the beginning of every `--help`. */
export async function readHelp(cwd: string): Promise<PrintedCommand[]> {
  const topics = [[], ...[...VERBS.keys()].map((verb) => [verb]), ['hosts', 'add'], ['hosts', 'hold']];
  const texts = await Promise.all(
    topics.map(async (topic) => {
      const { stdout } = await runGpool([...topic, '--help'], { cwd });
      return readExamples(stdout).map((text) => ({ text, where: ['gpool', ...topic, '--help'].join(' ') }));
    }),
  );
  return texts.flat();
}

/** An example stands two blanks from the left; what it does, two or more blanks behind it or below, far to the right. */
function readExamples(help: string): string[] {
  const [before = ''] = help.split('\nUsage:', 1);
  return before
    .split('\n')
    .filter((line) => /^ {2}\S/.test(line))
    .map((line) => line.trim().split(/ {2,}/, 1)[0] ?? '');
}
