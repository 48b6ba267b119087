import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { runNode } from './examples/run-example.js';
import { packageRoot } from './helpers/package-root.js';

const root = packageRoot();
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...listPages('docs')];

for (const page of pages) {
  test(`every link of ${page} leads somewhere`, (t) => {
    const text = readFileSync(join(root, page), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
      ([, target]) => target ?? '',
    );
    t.deepEqual(
      links.filter((target) => !existsSync(join(root, dirname(page), target))),
      [],
    );
  });
}

test('every page of docs/ can be reached from the README', (t) => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const lost = listPages('docs').filter(
    (page) => !page.startsWith('docs/adr/') && !readme.includes(`(${page})`),
  );
  t.deepEqual(lost, []);
});

test('the architecture page stays under 200 lines', (t) => {
  t.true(readFileSync(join(root, 'docs/architecture.md'), 'utf8').split('\n').length < 200);
});

test('the API page says what the docstrings say', async (t) => {
  const script = fileURLToPath(new URL('../scripts/api-docs.js', import.meta.url));
  const { code, stderr } = await runNode([script, '--check'], root);
  t.is(code, 0, stderr);
});

function listPages(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file));
}
