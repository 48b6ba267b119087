/** Quotes any bytes but NUL as one word for every POSIX shell. The only place where gpool quotes. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
