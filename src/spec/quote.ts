/** Quotes any text but NUL as one word for every POSIX shell; plain words stay as they are. The one place that quotes. */
export function quote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** No `=`, so that a value in front of a command is never taken for an assignment. */
const PLAIN = /^[A-Za-z0-9_./:@%+,-]+$/;
