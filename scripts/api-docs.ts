// Writes docs/api.md from the docstrings of the public names: `npm run api-docs`, after a build.
// With --check it writes nothing and fails when the page is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const built = fileURLToPath(new URL('../src/', import.meta.url));
const page = join(built, '../../docs/api.md');
const text = `${[
  '# API',
  'Made from the docstrings by `npm run api-docs`. `import … from` the entry named in each heading.',
  ...section('gpool', 'index.d.ts'),
  ...section('gpool/testing', 'testing/index.d.ts'),
].join('\n\n')}\n`;

if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) {
  console.error('docs/api.md is out of date: run `npm run build && npm run api-docs`.');
  process.exitCode = 1;
}

/** One heading for an entry, then one for each of its names. */
function section(entry: string, file: string): string[] {
  const index = readFileSync(join(built, file), 'utf8');
  const exports = [...index.matchAll(/export (?:type )?\{([^}]+)\} from '([^']+)'/g)];
  const names = exports.flatMap(([, list = '', from = '']) =>
    list.split(',').map((word) => ({ name: word.replace(/\btype\b/, '').trim(), from })),
  );
  const documented = names
    .filter(({ name }) => name !== '')
    .sort((a, b) => a.name.localeCompare(b.name))
    .map(({ name, from }) => describe(name, join(built, dirname(file), from.replace(/\.js$/, '.d.ts'))));
  return [`## ${entry}`, ...documented];
}

function describe(name: string, file: string): string {
  const source = readFileSync(file, 'utf8');
  const start = new RegExp(
    `^export (?:declare )?(?:abstract )?(?:class|function|interface|type|const) ${name}\\b`,
    'm',
  );
  const at = source.search(start);
  if (at < 0) throw new Error(`${file} does not declare ${name}`);
  const declaration = cutDeclaration(source.slice(at)).replace(/^export (declare )?/, '');
  return [`### ${name}`, docstring(source.slice(0, at)), `\`\`\`ts\n${declaration}\n\`\`\``]
    .filter(Boolean)
    .join('\n\n');
}

/** The docstring that ends right before a declaration. */
function docstring(before: string): string {
  const found = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(before);
  const lines = (found?.[1] ?? '').split('\n').map((line) => line.replace(/^\s*\*? ?/, '').trimEnd());
  const marked = lines.map((line) => line.replace(/^@(\w+)/, (_, tag: string) => `- *${tag}*`));
  return marked.join('\n').trim();
}

/** Up to the brace or semicolon that closes it; private members are left out. */
function cutDeclaration(source: string): string {
  let depth = 0;
  let end = 0;
  for (; end < source.length; end++) {
    const char = source[end] ?? '';
    if ('{([<'.includes(char)) depth++;
    if ('})]'.includes(char) || (char === '>' && source[end - 1] !== '=')) depth--;
    if (depth === 0 && (char === ';' || (char === '}' && source[end + 1] === '\n'))) break;
  }
  return source
    .slice(0, end + 1)
    .split('\n')
    .filter((line) => !/^\s+(#private|private )/.test(line))
    .join('\n');
}
