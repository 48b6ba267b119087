/** A number is written as it is; a text is made harmless for spreadsheets; null is an empty cell. */
export type CsvValue = string | number | null;

/**
 * RFC 4180: cells quoted where needed, lines ended by CRLF. A text that a spreadsheet would take for a formula gets a
 * leading apostrophe: a job's name or a host's words may begin with `=`.
 */
export function formatCsv(rows: Iterable<readonly CsvValue[]>): string {
  let text = '';
  for (const row of rows) text += `${row.map(formatCell).join(',')}\r\n`;
  return text;
}

function formatCell(value: CsvValue): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const FORMULA = /^[=+\-@\t\r\0]/;
const NEEDS_QUOTES = /[",\r\n\t]|^\s|\s$/;
