import { isUtf8 } from 'node:buffer';
import { type ErrorCode, SpecError } from '../errors.js';

/** The text of a file that has to be UTF-8. Throws a SpecError with the line that is not. */
export function decodeText(bytes: Buffer, path: string, code: ErrorCode): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const line = findLine(bytes);
  const next = `Save the file as UTF-8, e.g. iconv -f latin1 -t utf8 ${path}.`;
  throw new SpecError(code, { what: 'the line is not valid UTF-8', where: `${path}:${line}`, next });
}

function findLine(bytes: Buffer): number {
  let line = 1;
  let from = 0;
  for (let end = bytes.indexOf(10); end >= 0 && isUtf8(bytes.subarray(from, end)); line += 1) {
    from = end + 1;
    end = bytes.indexOf(10, from);
  }
  return line;
}
