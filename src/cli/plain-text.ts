/**
 * Makes what came from elsewhere harmless for a terminal: control characters but newline and tab, and the marks that
 * turn the direction of writing, and bytes that are no character, are shown as `\x1b` or `\u202e` instead of being obeyed.
 */
export function toPlainText(text: string): string {
  return text.replace(UNSAFE, escapeCharacter);
}

/** The same on one line: newlines and tabs are shown too. */
export function toPlainLine(text: string): string {
  return text.replace(UNSAFE_IN_LINE, escapeCharacter);
}

/** Cuts to at most `width` characters, with an ellipsis where something is missing. */
export function cutText(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

function escapeCharacter(character: string): string {
  const unit = character.charCodeAt(0);
  const code = unit >= 0xdc80 && unit <= 0xdcff ? unit - 0xdc00 : unit;
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

const UNSAFE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]|(?<![\ud800-\udbff])[\udc80-\udcff]/g;
const UNSAFE_IN_LINE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]|(?<![\ud800-\udbff])[\udc80-\udcff]/g;
