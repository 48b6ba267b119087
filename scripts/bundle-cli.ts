// Puts the built command line into dist/cli/: one file, and what Node compiles of it for a run. Loading and compiling 300 small
// ones takes a command longer than its work.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { startEmbeddedHosts } from '../src/testing/index.js';

const dist = dirname(dirname(fileURLToPath(import.meta.url)));
const outdir = join(dist, 'cli');

/** What ssh2 has compiled for this machine stays where it is; what only a server or a web client needs is left out. */
const ssh2Parts: Plugin = {
  name: 'ssh2-parts',
  setup(build) {
    const native = 'ssh2/lib/protocol/crypto/build/Release/sshcrypto.node';
    build.onResolve({ filter: /\/sshcrypto\.node$/ }, () => ({ path: native, external: true }));
    build.onResolve({ filter: /^cpu-features$/ }, ({ path }) => ({ path, external: true }));
    build.onResolve({ filter: /^\.\/(server|http-agents)\.js$/ }, ({ path, importer }) =>
      /\/ssh2\/lib\/index\.js$/.test(importer) ? { path, namespace: 'nothing' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {};' }));
  },
};

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  minifyWhitespace: true,
  minifySyntax: true,
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: 'const bundleUrl=require("node:url").pathToFileURL(__filename).href;' },
  plugins: [ssh2Parts],
  logLevel: 'warning',
};

/** One run over SSH, on a host in this process: what the build's Node compiles for it, commands need not. */
async function compile(program: string): Promise<void> {
  const batches = await mkdtemp(join(tmpdir(), 'gpool-build-'));
  const pool = await startEmbeddedHosts();
  const run = [
    'run',
    '-F',
    pool.sshConfig,
    '-S',
    '1/host1',
    '--out',
    join(batches, 'batch'),
    '--',
    'true',
    ':::',
    '1',
  ];
  const compiler = join(dist, 'scripts/compile-cli.js');
  try {
    await promisify(execFile)(process.execPath, [compiler, program, ...run], { timeout: 60_000 });
  } catch {
    // Where no job can be run, there is less of it, or nothing.
  } finally {
    await pool.close();
    await rm(batches, { recursive: true });
  }
}

await rm(outdir, { recursive: true, force: true });
const program = join(outdir, 'program.cjs');
await build({ ...common, entryPoints: [join(dist, 'src/cli/main.js')], outfile: program });
await build({
  ...common,
  entryPoints: [join(dist, 'scripts/launch-cli.js')],
  outfile: join(outdir, 'main.cjs'),
});
// `ssh` starts this one.
const askpass = join(dist, 'src/network/shell/openssh/askpass.js');
await build({
  ...common,
  entryPoints: [askpass],
  format: 'esm',
  banner: {},
  define: {},
  outfile: join(outdir, 'askpass.js'),
});
await compile(program);
