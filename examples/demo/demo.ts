// `npm run demo`: three embedded SSH hosts on loopback, and a real batch on them with the gpool command.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbeddedHosts } from 'gpool/testing';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const workspace = await mkdtemp(join(tmpdir(), 'gpool-demo-'));
const pool = await startEmbeddedHosts({ names: ['lab01', 'lab02', 'lab03'] });
try {
  await writeFile(join(workspace, 'train.sh'), trainScript());
  say(
    'Three SSH hosts are up on loopback: lab01, lab02, lab03. Each has a home of its own and nothing of gpool in it.',
  );
  say('One input file, twelve runs, two at a time on each host, one result file back from each:\n');
  const code = await gpool(
    [
      'run',
      '--name',
      'demo',
      '-F',
      pool.sshConfig,
      '-S',
      'lab[01-03]',
      '-j',
      '2',
      '--file',
      join(workspace, 'train.sh'),
    ],
    ['--return', 'loss.csv', '--header', ':', '--tag', '--', 'bash train.sh {lr} {depth}'],
    [':::', 'lr', '0.1', '0.01', '0.001', ':::', 'depth', '1', '2', '4', '8'],
  );
  say(
    `\nThat was exit code ${code}: one run failed, and it was meant to. The other eleven are safe. What went wrong:\n`,
  );
  await gpool(['logs', 'latest', '4', '--stderr']);
  say('\nA batch is a directory. Everything is in it, and `less` can read it:\n');
  await showBatch(join(root, 'batches', 'latest'));
  say('\nNext: `gpool status`, the README, and `gpool run -S your-host -- uptime`.');
  process.exitCode = code === 1 ? 0 : 1;
} finally {
  await pool.close();
  await rm(workspace, { recursive: true, force: true });
}

/** Shows the command as a person would type it, and runs it. */
async function gpool(...words: string[][]): Promise<number> {
  const args = words.flat();
  const typed = args.map((word) => (/^[\w./:=,@-]+$/.test(word) ? word : `'${word}'`)).join(' ');
  say(`$ gpool ${typed.replaceAll(`${workspace}/`, '').replaceAll(pool.sshConfig, 'ssh_config')}`);
  const PATH = `${join(root, 'bin')}${delimiter}${process.env.PATH}`;
  const child = spawn('gpool', args, {
    cwd: root,
    env: { ...process.env, PATH },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number];
  return code;
}

async function showBatch(directory: string): Promise<void> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
  const shown = files.filter((file) => !/^jobs\/(?!1\/|4\/)/.test(file));
  for (const file of shown) say(`  ${file}`);
  say(`  … and ${files.length - shown.length} more like these`);
  say(`\n  jobs/1/1/loss.csv:\n${indent(await readFile(join(directory, 'jobs/1/1/loss.csv'), 'utf8'))}`);
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A stand-in for a training run: takes a moment, writes a curve, and fails for one choice of parameters. */
function trainScript(): string {
  return `lr=$1 depth=$2
echo "training with lr=$lr depth=$depth on $GPOOL_HOST, slot $GPOOL_SLOT"
if [[ $lr == 0.1 && $depth == 8 ]]; then
  echo "epoch 2: loss is nan, lr=$lr is too large for depth=$depth" >&2
  exit 3
fi
echo epoch,loss > loss.csv
for epoch in 1 2 3 4; do
  sleep "0.$((RANDOM % 3 + 2))"
  echo "$epoch,0.$((90 / epoch / depth + 10))" >> loss.csv
done
tail -n 1 loss.csv
`;
}
