import { lstatSync, type Stats } from 'node:fs';
import { readdir, readlink, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { localPath, textOfBytes } from '../../../bytes.js';
import { SpecError } from '../../../errors.js';
import type { InputFile } from '../../../spec/job-spec.js';
import { type Digests, fileVersion } from './digests.js';
import { type InputTree, makeInputTree, type TreeEntry } from './layout.js';
import { staysInside } from './link-target.js';
import { leadsToBatch, ownPlace } from './own-places.js';

/**
 * Looks at a job's inputs and digests them. Directories go whole, empty ones too; permission bits are kept, setuid and
 * its like are not; links are kept when they stay inside their tree; FIFOs, sockets and devices are skipped. Batches of gpool that lie inside
 * are left out, and its own directory in any case. A source
 * that is itself a link stands for what it points at.
 *
 * @throws SpecError E_INPUT_MISSING, E_INPUT_DENIED, E_INPUT_LINK; E_SPEC for two inputs of one name.
 */
export async function readInputTree(
  files: readonly InputFile[],
  cwd: string,
  digests: Digests,
): Promise<InputTree> {
  const walk = new TreeWalk(digests);
  for (const { source, target, share = false } of files) {
    walk.shares = share;
    await walk.addSource(resolve(cwd, source), source, target.replace(/\/+$/, ''));
  }
  return makeInputTree(walk.entries.values(), walk.skipped, walk.leftOut);
}

class TreeWalk {
  readonly entries = new Map<string, TreeEntry>();
  readonly skipped: { path: string; why: string }[] = [];
  readonly leftOut: { path: string; why: string }[] = [];
  /** Directories that had something in them that was left out. */
  readonly #thinned = new Set<string>();
  /** Whether the source that is being added is shared between jobs. */
  shares = false;

  constructor(readonly digests: Digests) {}

  async addSource(path: string, source: string, target: string): Promise<void> {
    const found = await stat(localPath(path)).catch((cause: unknown) => fail(source, cause));
    if (target === '' || target === '.') {
      if (!found.isDirectory())
        throw new SpecError('E_SPEC', { what: 'the target is no file name', where: source });
      return this.#addChildren(path, await listNames(path), '', '');
    }
    this.#addParents(target);
    await this.#add(path, found, target, target);
  }

  /** @param top the target this is part of; links may not lead out of it. */
  async #add(path: string, found: Stats, target: string, top: string): Promise<void> {
    const mode = found.mode & 0o777;
    if (found.isDirectory()) {
      await this.#addDirectory(path, found, target, top);
    } else if (found.isSymbolicLink()) {
      await this.#addLink(path, target, top);
    } else if (found.isFile()) {
      const sha256 = await this.digests.of(path, found).catch((cause: unknown) => fail(path, cause));
      const blob = { sha256, size: found.size, source: path, version: fileVersion(found) };
      const [mtime, shared] = [timeOf(found), this.shares];
      this.#put({ kind: 'f', path: target, mode, blob, mtime, shared }, path);
    } else if (target !== top) {
      this.skipped.push({ path: target, why: `a ${specialKind(found)} is not sent` });
    } else
      throw new SpecError('E_INPUT_DENIED', {
        what: `a ${specialKind(found)} is not sent`,
        where: path,
        next: NEXT,
      });
  }

  /** A directory that holds nothing but what is left out is left out, too: gpool may have made it. */
  async #addDirectory(path: string, found: Stats, target: string, top: string): Promise<void> {
    const names = await listNames(path);
    const own = await ownPlace(path, names.map(String));
    if (own === 'root' && target === top)
      throw new SpecError('E_INPUT_DENIED', {
        what: "this is gpool's own directory",
        where: path,
        next: NEXT,
      });
    if (own !== null && target !== top) return this.#leaveOut(path, target, own);
    this.#put({ kind: 'd', path: target, mode: found.mode & 0o777, mtime: timeOf(found) }, path);
    await this.#addChildren(path, names, target, top);
    if (target === top || !this.#thinned.has(target) || this.#hasBelow(target)) return;
    this.entries.delete(target);
    this.#thinned.add(dirname(target));
  }

  async #addLink(path: string, target: string, top: string): Promise<void> {
    if (basename(path) === 'latest' && target !== top && (await leadsToBatch(path))) {
      this.#thinned.add(dirname(target));
      return;
    }
    this.#put({ kind: 'l', path: target, target: await this.#insideLink(path, target, top) }, path);
  }

  #leaveOut(path: string, target: string, own: 'batch' | 'root'): void {
    this.leftOut.push({ path, why: own === 'batch' ? 'a batch' : "gpool's own" });
    this.#thinned.add(dirname(target));
  }

  #hasBelow(target: string): boolean {
    for (const path of this.entries.keys()) if (path.startsWith(`${target}/`)) return true;
    return false;
  }

  async #addChildren(path: string, names: readonly Buffer[], target: string, top: string): Promise<void> {
    for (let at = 0; at < names.length; at += AT_ONCE) {
      const some = names.slice(at, at + AT_ONCE);
      await Promise.all(some.map((bytes) => this.#addChild(path, bytes, target, top)));
      await setImmediate(); // small ones are read at once, and others want their turn
    }
  }

  async #addChild(path: string, bytes: Buffer, target: string, top: string): Promise<void> {
    const name = textOfBytes(bytes);
    const child = join(path, name);
    const found = look(child);
    await this.#add(child, found, target === '' ? name : `${target}/${name}`, top);
  }

  async #insideLink(path: string, target: string, top: string): Promise<string> {
    const read = readlink(localPath(path), { encoding: 'buffer' });
    const link = textOfBytes(await read.catch((cause: unknown) => fail(path, cause)));
    const within = top === '' ? target : target.slice(top.length + 1);
    if (staysInside(within, link)) return link;
    throw new SpecError('E_INPUT_LINK', {
      what: `the symbolic link leads out of its tree, to ${JSON.stringify(link)}`,
      where: path,
    });
  }

  #addParents(target: string): void {
    for (let parent = dirname(target); parent !== '.'; parent = dirname(parent)) {
      if (!this.entries.has(parent)) this.#put({ kind: 'd', path: parent, mode: 0o700 }, parent);
    }
  }

  /** Directories may be named twice (the last mode holds); anything else that meets another thing is a mistake. */
  #put(entry: TreeEntry, where: string): void {
    const other = this.entries.get(entry.path);
    const parent = this.entries.get(dirname(entry.path));
    if ((other && !(other.kind === 'd' && entry.kind === 'd')) || (parent && parent.kind !== 'd')) {
      throw new SpecError('E_SPEC', { what: `two inputs want to be ${JSON.stringify(entry.path)}`, where });
    }
    this.entries.set(entry.path, entry);
  }
}

async function listNames(path: string): Promise<readonly Buffer[]> {
  return readdir(localPath(path), { encoding: 'buffer' }).catch((cause: unknown) => fail(path, cause));
}

/** In seconds, to the microsecond, which is as fine as Node tells. */
function timeOf({ mtimeMs }: Stats): string {
  return (Math.round(mtimeMs * 1000) / 1e6).toFixed(6);
}

function look(path: string): Stats {
  try {
    return lstatSync(localPath(path));
  } catch (cause) {
    return fail(path, cause);
  }
}

function specialKind(found: Stats): string {
  if (found.isFIFO()) return 'FIFO';
  return found.isSocket() ? 'socket' : 'device';
}

function fail(where: string, cause: unknown): never {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR')
    throw new SpecError('E_INPUT_MISSING', { what: 'there is no such file', where, cause });
  throw new SpecError('E_INPUT_DENIED', {
    what: `the file cannot be read (${code || String(cause)})`,
    where,
    cause,
  });
}

const NEXT = 'Name a file or a directory.';
/** Entries of one directory that are looked at together. */
const AT_ONCE = 32;
