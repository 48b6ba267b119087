/** The longest path that fits the header's own field, in bytes. */
export const TAR_PATH_BYTES = 100;

/**
 * The header of a regular file (`0`) or a directory (`5`) in a tar stream: POSIX.1-1988 ustar, which every tar reads; `x` comes
 * before one of these and tells more of it.
 * `path` has at most TAR_PATH_BYTES bytes, `size` is below 8 GiB. The owner is left at zero: it is not kept.
 */
export function tarHeader(
  path: string,
  mode: number,
  size: number,
  kind: '0' | '5' | 'x' = '0',
  seconds = 0,
): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(path, 0, TAR_PATH_BYTES);
  header.write(
    `${octal(mode, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0${octal(size, 11)}\0${octal(seconds, 11)}\0`,
    100,
  );
  // The checksum counts its own field as blanks.
  header.write(`        ${kind}`, 148);
  header.write('ustar\x0000', 257);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}

/** What follows a file's bytes up to the next whole block. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** Ends a stream. */
export const TAR_END: Buffer = Buffer.alloc(1024);

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

const BLOCK = 512;
