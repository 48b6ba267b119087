import { findMissing, missingPackages, type Programs } from './find-missing.js';
import { runCommand } from './run-command.js';

/** The lab's own hosts and its client. */
export const LAB_PROGRAMS: Programs = {
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
};

/** $@: the packages; where one cannot be had, the others are. No service may start meanwhile, and Grid Engine must not ask for its cell. */
const INSTALL = `
set -eu
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\\nexit 101\\n' >$policy
  chmod 755 $policy
fi
for owner in master exec client; do
  echo "gridengine-$owner shared/gridengineconfig boolean false"
done | debconf-set-selections
apt-get update -qq
install='apt-get install -y -qq --no-install-recommends'
$install "$@" || for package in "$@"; do $install "$package" || true; done`;

/**
 * Installs the Debian packages of the programs that are missing, as root or with a sudo that does not ask. What cannot be
 * installed stays missing, which `say` is told; never throws.
 */
export async function installPeers(programs: Programs, say: (line: string) => void): Promise<void> {
  const packages = missingPackages(programs);
  if (packages.length === 0) return;
  const reason = findMissing({ 'apt-get': 'apt' }) ?? (await findNoRoot());
  if (reason !== undefined) return say(`not installed, ${reason}: ${packages.join(' ')}`);
  say(`apt-get install ${packages.join(' ')}`);
  await runAsRoot('sh', '-c', INSTALL, 'install', ...packages).catch(() => {});
  const missing = missingPackages(programs);
  if (missing.length > 0) say(`could not be installed: ${missing.join(' ')}`);
}

function runAsRoot(command: string, ...args: readonly string[]): Promise<unknown> {
  if (process.getuid?.() === 0) return runCommand(command, args);
  return runCommand('sudo', ['-n', command, ...args]);
}

async function findNoRoot(): Promise<string | undefined> {
  return runAsRoot('true').then(
    () => undefined,
    () => 'for want of root and of a sudo that does not ask',
  );
}
