import type { FileInput, JobInput } from './job-input.js';
import { quote } from './quote.js';
import type { Point } from './sweep.js';

/**
 * Fills `{name}` in a job's commands, files, returns, name and env. In commands a value is quoted where it needs to
 * be, so that bash sees it unchanged as one word; elsewhere it is put in as it is. `{{name}}` stands for the
 * literal `{name}`. `${name}`, `{a,b}` and `{1..3}` are bash's and stay. A name the point lacks stays too: look for
 * those with `findUnknownPlaceholders`.
 */
export function fillPlaceholders(template: JobInput, point: Point): JobInput {
  const { commands, files, returns, name, env } = template;
  const plain = (text: string) => fill(text, point, (value) => value);
  return {
    ...template,
    commands: [commands].flat().map((line) => fill(line, point, quote)),
    ...(files && {
      files: files.map((file) => (typeof file === 'string' ? plain(file) : fillFile(file, plain))),
    }),
    ...(returns && {
      returns: returns.map((entry) =>
        typeof entry === 'string' ? plain(entry) : { ...entry, pattern: plain(entry.pattern) },
      ),
    }),
    ...(name !== undefined && { name: plain(name) }),
    ...(env && { env: Object.fromEntries(Object.entries(env).map(([key, text]) => [key, plain(text)])) }),
  };
}

/** Every `{name}` in a template that is not among the known names, once each. */
export function findUnknownPlaceholders(template: JobInput, known: readonly string[]): string[] {
  const used = textsOf(template).flatMap((text) =>
    [...text.matchAll(PLACEHOLDER)].flatMap(([, literal, name]) => (literal || !name ? [] : [name])),
  );
  return [...new Set(used)].filter((name) => !known.includes(name));
}

/** Every known name in braces as other programs have them: `{{ lr }}`, `%(lr)s`, `{lr:.2f}`, `{{lr|x}}`. */
export function findForeignPlaceholders(template: JobInput, known: readonly string[]): string[] {
  const found = textsOf(template).flatMap((text) =>
    [...text.matchAll(FOREIGN)].flatMap(([whole, ...names]) =>
      names.some((name) => name !== undefined && known.includes(name)) ? [whole] : [],
    ),
  );
  return [...new Set(found)];
}

function fillFile(file: FileInput, plain: (text: string) => string): FileInput {
  const { source, target } = file;
  return { ...file, source: plain(source), ...(target !== undefined && { target: plain(target) }) };
}

function fill(text: string, point: Point, show: (value: string) => string): string {
  return text.replace(PLACEHOLDER, (whole: string, literal: string | undefined, name: string | undefined) => {
    if (literal !== undefined) return `{${literal}}`;
    const value = name !== undefined && Object.hasOwn(point, name) ? point[name] : undefined;
    return value === undefined ? whole : show(String(value));
  });
}

function textsOf({ commands, files = [], returns = [], name = '', env = {} }: JobInput): string[] {
  return [
    ...[commands].flat(),
    ...files.flatMap((file) => (typeof file === 'string' ? file : [file.source, file.target ?? ''])),
    ...returns.map((entry) => (typeof entry === 'string' ? entry : entry.pattern)),
    name,
    ...Object.values(env),
  ];
}

/** First `{{name}}`, then `{name}`; not after a dollar, where braces are bash's. */
const PLACEHOLDER = /(?<!\$)\{\{([A-Za-z_]\w*)\}\}|(?<!\$)\{([A-Za-z_]\w*)\}/g;

const FOREIGN =
  /(?<!\$)\{\{(?:\s+([A-Za-z_]\w*)\s*(?:\|[^{}]*)?|([A-Za-z_]\w*)\s+|([A-Za-z_]\w*)\s*\|[^{}]*)\}\}|%\(([A-Za-z_]\w*)\)[sdfgi]|(?<!\$)\{([A-Za-z_]\w*)[:!][^{}]*\}/g;
