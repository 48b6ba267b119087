import { randomBytes } from 'node:crypto';
import { HostError } from '../../errors.js';
import type { Host } from '../../spec/host.js';
import type { RunResult, Shell } from '../shell/shell.js';
import { helperPaths } from './host-paths.js';
import { killedFault } from './killed-fault.js';
import { lastLine, remoteFault } from './remote-fault.js';
import { DISTRUSTED, TRUST, TRUST_ADVICE } from './trust-script.js';

/** The helper as it is sent to hosts. */
export interface Helper {
  /** Local path. */
  readonly path: string;
  readonly sha256: string;
}

/** Where the helper is on a host. */
export interface HelperPlace {
  /** Absolute path of the root directory. */
  readonly root: string;
  /** Absolute path of the helper. */
  readonly file: string;
}

/** A helper in place on a host, its digest checked on this connection. */
export interface InstalledHelper extends HelperPlace {
  /** What its `probe` verb printed. */
  readonly probe: string;
}

/**
 * Makes the root directory where nobody else can put another in its place, puts the helper there when it is missing or not what it should be, and probes the host.
 * `onCores` is called while the probe still looks for the rest: the helper is in place, the host has so many cores, and the root's file
 * system is mounted there.
 *
 * @throws HostError E_ROOT, E_REMOTE_DISK, E_REMOTE_INODES, or E_HELPER when it is not the same after it was sent.
 */
export async function installHelper(
  shell: Shell,
  helper: Helper,
  wanted: WantedRoot,
  onCores: CoresListener,
): Promise<InstalledHelper> {
  const first = await check(shell, helper, wanted, onCores);
  if (first.probe !== null) return { ...first, probe: first.probe };
  const { part } = helperPaths(first.root, helper.sha256, randomBytes(6).toString('hex'));
  try {
    await shell.putFile(helper.path, part);
  } catch (cause) {
    throw await remoteFault(shell, first.root, cause, part);
  }
  const moved = await shell.run(MOVE, { args: [part, first.file, helper.sha256] });
  throwIfKilled(moved, shell);
  if (moved.code !== 0) throw await remoteFault(shell, first.root, moveFault(shell, moved), part);
  const second = await check(shell, helper, wanted, onCores);
  if (second.probe !== null) return { ...second, probe: second.probe };
  throw new HostError('E_HELPER', {
    what: `${second.file} changed right after it was sent`,
    where: shell.where,
  });
}

/** The root as the inventory has it. */
type WantedRoot = Pick<Host, 'root' | 'trustRoot'>;

type CoresListener = (place: HelperPlace, cores: number, mount: string | undefined) => void;

async function check(shell: Shell, { sha256 }: Helper, wanted: WantedRoot, onCores: CoresListener) {
  const place = (root: string): HelperPlace => ({ root, file: helperPaths(root, sha256, '').file });
  const answer = new Answer((root, cores, mount) => onCores(place(root), cores, mount));
  const options = {
    args: [wanted.root, sha256, wanted.trustRoot ? '1' : '0'],
    maxBytes: MAX_ANSWER,
    onStdout: answer.take,
  };
  const checked = await shell.run(CHECK, options);
  throwIfKilled(checked, shell);
  const { code, stderr } = checked;
  const { text } = answer;
  if (code === NEEDED) return { ...place(text.trimEnd()), probe: null };
  if (code === DISTRUSTED)
    throw new HostError('E_ROOT', { what: lastLine(stderr), where: shell.where, next: TRUST_ADVICE });
  if (code !== 0) {
    const what = lastLine(stderr) || `the probe ended with ${code}`;
    const [root = ''] = text.split('\n');
    throw await remoteFault(
      shell,
      root || wanted.root,
      new HostError('E_ROOT', { what, where: shell.where }),
    );
  }
  const root = text.slice(0, text.indexOf('\n'));
  if (!root.startsWith('/'))
    throw new HostError('E_PROTOCOL', { what: 'the root is no absolute path', where: shell.where });
  return { ...place(root), probe: text.slice(root.length + 1) };
}

function throwIfKilled(result: RunResult, { where }: Shell): void {
  const fault = killedFault(result, 'the probe', where);
  if (fault) throw fault;
}

/** What CHECK prints, as it comes: the root, and what the probe says of a host whose helper is in place. */
class Answer {
  #bytes = Buffer.alloc(0);
  #told = false;

  constructor(readonly onCores: (root: string, cores: number, mount: string | undefined) => void) {}

  get text(): string {
    return this.#bytes.toString('utf8');
  }

  readonly take = (chunk: Buffer): void => {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (this.#told) return;
    const { text } = this;
    const root = text.slice(0, Math.max(0, text.indexOf('\n')));
    const [, cores] = CORES.exec(text.slice(root.length + 1)) ?? [];
    if (!root.startsWith('/') || cores === undefined) return;
    this.#told = true;
    this.onCores(root, Number(cores), MOUNT.exec(text)?.[1]);
  };
}

function moveFault(shell: Shell, { stderr }: RunResult): HostError {
  return new HostError('E_HELPER', {
    what: lastLine(stderr) || 'the helper did not arrive whole',
    where: shell.where,
  });
}

const CORES = /^cores\t(\d{1,6})\n/m;
/** Comes before the cores. */
const MOUNT = /^mount\t(.+)\n/m;
/** Bytes; a path and some twenty short lines. */
const MAX_ANSWER = 256 * 1024;

/** Exit code of CHECK that says the helper must be sent. */
const NEEDED = 91;

/** $1 root as configured, $2 digest of the helper, $3 whether the way to the root is trusted as it is. The first line of the answer is the absolute root. */
const CHECK = `
umask 077
${TRUST}
find_root "$1"
if (($3)); then keep_private() { :; }; fi
keep_private "$root" "$root/bin" "$root/cache"
if [[ ! -d $root/bin || ! -d $root/cache ]]; then
  new=0
  [[ -e $root ]] || new=1
  mkdir -p -m 700 -- "$root/bin" "$root/cache" || exit 1
  ((!new)) || chmod 700 -- "$root"
  keep_private "$root" "$root/bin" "$root/cache"
fi
cd -P -- "$root" && root=$PWD || exit 1
printf '%s\\n' "$root"
file=$root/bin/gjob-$2
[[ -f $file && ! -L $file && $(sha256sum < "$file") == "$2 "* ]] || exit ${NEEDED}
source "$file" && main probe "$root"`;

/** $1 part, $2 final name, $3 digest. */
const MOVE = `
[[ $(sha256sum < "$1") == "$3 "* ]] || { rm -f -- "$1"; exit 1; }
mv -fT -- "$1" "$2"`;
