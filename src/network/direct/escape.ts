import { HostError } from '../../errors.js';

/** Makes a text one field of a line: no tab, no newline, undone on the host by `printf %b`. */
export function escapeField(text: string): string {
  return /[\\\n\t\r]/.test(text) ? text.replace(/[\\\n\t\r]/g, (char) => ESCAPES[char] ?? char) : text;
}

/**
 * Undoes `escapeField` on bytes from a host.
 *
 * @throws HostError E_PROTOCOL when an escape is not one of the four.
 */
export function unescapeField(field: string, where: string): string {
  if (!field.includes('\\')) return field;
  return field.replace(/\\(.?)/gsu, (_, char: string) => {
    const plain = PLAIN[char];
    if (plain === undefined) {
      throw new HostError('E_PROTOCOL', { what: `unknown escape in ${JSON.stringify(field)}`, where });
    }
    return plain;
  });
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' };
const PLAIN: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  '\\': '\\',
  n: '\n',
  t: '\t',
  r: '\r',
});
