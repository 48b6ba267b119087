/** A file name of the kind that breaks scripts: never empty, never `.` or `..`, valid UTF-8, at most 120 bytes. */
export function hostileName(random: () => number): string {
  const length = 1 + Math.floor(random() * 12);
  const pick = () => PIECES[Math.floor(random() * PIECES.length)] ?? 'x';
  const name = Array.from({ length }, pick).join('');
  return name === '.' || name === '..' ? `${name}x` : name;
}

const PIECES = [
  ...[
    ' ',
    '  ',
    '\t',
    '\n',
    "'",
    '"',
    '`',
    '$',
    '$(touch canary)',
    '$HOME',
    '\\',
    '\\n',
    '!',
    '*',
    '?',
    '[a]',
  ],
  ...[
    '{a,b}',
    '~',
    '#',
    '&',
    ';',
    '|',
    '<',
    '>',
    '(',
    ')',
    '-',
    '--',
    '-rf',
    '%s',
    '.',
    '..',
    ':',
    '=',
    '@',
    ',',
  ],
  ...['a', 'B', '0', 'ü', '漢', '☃', '\u0001', '\u001b[31m', '\r', '\u007f', '.gz', '^', '+'],
];
