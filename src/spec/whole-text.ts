/** Whether no half of a character is in it, but bytes that are not UTF-8 as `textOfBytes` has put them away. */
export function isWhole(value: string): boolean {
  return !STRAY.test(value);
}

export const HALF = 'contains half of a character (a lone surrogate)';

/** Half of a character beyond U+FFFF, which no encoding can write. */
const STRAY = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])(?:[\udc00-\udc7f]|[\udd00-\udfff])/;
