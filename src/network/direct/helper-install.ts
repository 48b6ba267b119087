import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HostError } from '../../errors.js';
import type { RunResult, Shell } from '../shell/shell.js';
import { helperPaths } from './host-paths.js';
import { lastLine, remoteFault } from './remote-fault.js';

/** The helper as it is sent to hosts. */
export interface Helper {
  /** Local path. */
  readonly path: string;
  readonly sha256: string;
}

/** The helper that comes with this package. */
export function packagedHelper(): Helper {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  const path = join(directory, 'bin', 'gjob');
  return { path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') };
}

/** A helper in place on a host, its digest checked on this connection. */
export interface InstalledHelper {
  /** Absolute path of the root directory. */
  readonly root: string;
  /** Absolute path of the helper. */
  readonly file: string;
  /** What its `probe` verb printed. */
  readonly probe: string;
}

/**
 * Makes the root directory, puts the helper there when it is missing or not what it should be, and probes the host.
 *
 * @throws HostError E_ROOT, E_REMOTE_DISK, E_REMOTE_INODES, or E_HELPER when it is not the same after it was sent.
 */
export async function installHelper(
  shell: Shell,
  helper: Helper,
  wantedRoot: string,
): Promise<InstalledHelper> {
  const first = await check(shell, helper, wantedRoot);
  if (first.probe !== null) return { ...first, probe: first.probe };
  const { part } = helperPaths(first.root, helper.sha256, randomBytes(6).toString('hex'));
  try {
    await shell.putFile(helper.path, part);
  } catch (cause) {
    throw await remoteFault(shell, first.root, cause, part);
  }
  const moved = await shell.run(MOVE, { args: [part, first.file, helper.sha256] });
  if (moved.code !== 0) throw await remoteFault(shell, first.root, moveFault(shell, moved), part);
  const second = await check(shell, helper, wantedRoot);
  if (second.probe !== null) return { ...second, probe: second.probe };
  throw new HostError('E_HELPER', {
    what: `${second.file} changed right after it was sent`,
    where: shell.where,
  });
}

async function check(shell: Shell, helper: Helper, wantedRoot: string) {
  const { code, stdout, stderr } = await shell.run(CHECK, { args: [wantedRoot, helper.sha256] });
  if (code === NEEDED) {
    const root = stdout.toString('utf8').trimEnd();
    return { root, file: helperPaths(root, helper.sha256, '').file, probe: null };
  }
  if (code !== 0) {
    const what = lastLine(stderr) || `the probe ended with ${code}`;
    const [root = ''] = stdout.toString('utf8').split('\n');
    throw await remoteFault(shell, root || wantedRoot, new HostError('E_ROOT', { what, where: shell.where }));
  }
  const text = stdout.toString('utf8');
  const root = text.slice(0, text.indexOf('\n'));
  if (!root.startsWith('/'))
    throw new HostError('E_PROTOCOL', { what: 'the root is no absolute path', where: shell.where });
  return { root, file: helperPaths(root, helper.sha256, '').file, probe: text.slice(root.length + 1) };
}

function moveFault(shell: Shell, { stderr }: RunResult): HostError {
  return new HostError('E_HELPER', {
    what: lastLine(stderr) || 'the helper did not arrive whole',
    where: shell.where,
  });
}

/** Exit code of CHECK that says the helper must be sent. */
const NEEDED = 91;

/** $1 root as configured, $2 digest of the helper. The first line of the answer is the absolute root. */
const CHECK = `
umask 077
case $1 in '~') root=$HOME ;; '~/'*) root=$HOME/\${1#'~/'} ;; /*) root=$1 ;; *) root=$HOME/$1 ;; esac
mkdir -p -- "$root/bin" "$root/cache" || exit 1
root=$(cd -- "$root" && pwd -P) || exit 1
for dir in "$root" "$root/bin" "$root/cache"; do
  [[ -O $dir ]] || { printf '%s belongs to someone else\\n' "$dir" >&2; exit 1; }
  mode=$(stat -c %a -- "$dir") || exit 1
  (( (8#$mode & 8#022) == 0 )) || { printf '%s can be written by others\\n' "$dir" >&2; exit 1; }
done
printf '%s\\n' "$root"
file=$root/bin/gjob-$2
[[ -f $file && ! -L $file && $(sha256sum < "$file") == "$2 "* ]] || exit ${NEEDED}
exec bash "$file" probe "$root"`;

/** $1 part, $2 final name, $3 digest. */
const MOVE = `
[[ $(sha256sum < "$1") == "$3 "* ]] || { rm -f -- "$1"; exit 1; }
mv -fT -- "$1" "$2"`;
