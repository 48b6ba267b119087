import { readFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { runCommand } from './run-command.js';

/** What the numbers were measured on, and how busy that was at the end. */
export async function describeMachine() {
  return {
    measuredAt: new Date().toISOString(),
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryMb: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    load: loadavg()[0] ?? 0,
    versions: await listVersions(),
  };
}

async function listVersions(): Promise<Record<string, string>> {
  const versions: Record<string, string> = { node: process.version, ssh2: await packageVersion('ssh2') };
  for (const [name, command] of Object.entries(COMMANDS)) {
    versions[name] = await runCommand('sh', ['-c', `${command} 2>&1`])
      .then(({ stdout }) => stdout.split('\n')[0] ?? '')
      .catch(() => 'not installed');
  }
  return versions;
}

async function packageVersion(name: string): Promise<string> {
  const { version }: { version?: string } = JSON.parse(
    await readFile(`node_modules/${name}/package.json`, 'utf8'),
  );
  return version ?? 'unknown';
}

const COMMANDS = {
  bash: 'bash --version',
  openssh: 'ssh -V',
  parallel: 'parallel --version',
  rsync: 'rsync --version',
  slurm: 'dpkg-query -W slurmctld',
  'grid engine': 'dpkg-query -W gridengine-master',
  dask: '/usr/bin/python3 -c "import distributed; print(distributed.__version__)"',
};
