// Puts the built command line into a few files, dist/cli/: loading 250 small ones takes a command longer than its work.
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = dirname(dirname(fileURLToPath(import.meta.url)));
const outdir = join(dist, 'cli');

await rm(outdir, { recursive: true, force: true });
await build({
  entryPoints: [join(dist, 'src/cli/main.js')],
  outdir,
  bundle: true,
  // What a verb loads only when it needs it stays apart.
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  minifyWhitespace: true,
  minifySyntax: true,
  // It finds its compiled parts by its own place.
  external: ['ssh2'],
  // For the CommonJS modules in it.
  banner: {
    js: "import { createRequire as createBundleRequire } from 'node:module';const require = createBundleRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
