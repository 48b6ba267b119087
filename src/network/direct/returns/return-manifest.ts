import { HostError, JobError } from '../../../errors.js';
import type { Skipped } from '../../../events/event.js';
import type { ReturnFile } from '../../../spec/job-spec.js';
import { unescapeField } from '../escape.js';
import { LineReader } from '../line-reader.js';
import { staysInside } from '../staging/link-target.js';
import { matchesReturn } from './return-pattern.js';

/** One thing a job left that it declared. `path` is relative and was checked component by component. */
export type ReturnEntry =
  | { readonly kind: 'd'; readonly path: string; readonly mode: number; readonly mtime: number | null }
  | ReturnedFile
  | { readonly kind: 'l'; readonly path: string; readonly target: string };

export interface ReturnedFile {
  readonly kind: 'f';
  readonly path: string;
  readonly mode: number;
  /** When it was last written there, seconds since 1970; null when the host does not say. */
  readonly mtime: number | null;
  readonly size: number;
  /** Null of a large file: the host takes it while the file is sent. */
  readonly sha256: string | null;
}

/** What a host says a job left, checked. */
export interface ReturnManifest {
  readonly entries: readonly ReturnEntry[];
  readonly skipped: readonly Skipped[];
  /** Patterns of which something comes, as indexes into the declared returns. */
  readonly matched: ReadonlySet<number>;
  /** Why the first thing that a pattern matched does not come, by its index. */
  readonly refused: ReadonlyMap<number, string>;
}

/**
 * Reads the answer of the `manifest` verb. Nothing in it is trusted: only paths that were asked for, that stay below the
 * target and are within the limits come through. Every other entry is left out by name.
 *
 * @throws JobError E_OUTPUT_UNSAFE when there are too many; HostError E_PROTOCOL when a line is not as agreed.
 */
export function parseReturnManifest(
  answer: Buffer,
  returns: readonly ReturnFile[],
  where: string,
): ReturnManifest {
  const gathered = new Gathered(returns, where);
  const reader = new LineReader(where);
  reader.push(answer, (line) => gathered.add(line));
  if (reader.offset !== answer.length) throw gathered.malformed('its last line has no end');
  gathered.checkTree();
  const { skipped, refused } = gathered;
  return { entries: [...gathered.entries.values()], skipped, matched: gathered.matched, refused };
}

class Gathered {
  readonly entries = new Map<string, ReturnEntry>();
  readonly skipped: Skipped[] = [];
  readonly refused = new Map<number, string>();
  readonly #patternOf = new Map<string, Set<number>>();
  /** Offered as two things: neither comes. */
  readonly #doubled = new Set<string>();

  constructor(
    readonly returns: readonly ReturnFile[],
    readonly where: string,
  ) {}

  get matched(): ReadonlySet<number> {
    return new Set([...this.entries.keys()].flatMap((path) => [...(this.#patternOf.get(path) ?? [])]));
  }

  add(line: string): void {
    const fields = line.split('\t');
    if (fields.length !== 7 && fields.length !== 8) throw this.malformed(`a line of ${fields.length} fields`);
    const [number = '', kind = '', mode = '', size = '', sha256 = '', escaped = '', last = '', time = ''] =
      fields;
    const index = Number(number) - 1;
    const asked = /^\d{1,6}$/.test(number) ? this.returns[index] : undefined;
    if (!asked) throw this.malformed('a pattern that was not asked for');
    const path = unescapeField(escaped, this.where);
    const target = unescapeField(last, this.where);
    const entry = kind === 's' ? null : this.#entry(kind, path, { mode, size, sha256, time, target });
    this.#patternOf.set(path, (this.#patternOf.get(path) ?? new Set<number>()).add(index));
    const why = entry === null ? printable(target) : entryFault(entry, asked);
    if (entry === null || why !== null) this.#skip(path, why ?? '', kind);
    else this.#put(entry);
  }

  #entry(
    kind: string,
    path: string,
    raw: { mode: string; size: string; sha256: string; time: string; target: string },
  ): ReturnEntry {
    if (kind === 'l') return { kind, path, target: raw.target };
    if (raw.target !== '-') throw this.malformed('a target where there is no link');
    if (!/^[0-7]{1,5}$/.test(raw.mode)) throw this.malformed('a bad mode');
    const mode = Number.parseInt(raw.mode, 8) & 0o777;
    const mtime = /^-?\d{1,11}(\.\d{1,9})?$/.test(raw.time) ? roundTime(raw.time) : null;
    if (kind === 'd') return { kind, path, mode, mtime };
    if (kind !== 'f' || !/^\d{1,15}$/.test(raw.size) || !/^(-|[0-9a-f]{64})$/.test(raw.sha256))
      throw this.malformed('a bad entry');
    const sha256 = raw.sha256 === '-' ? null : raw.sha256;
    return { kind, path, mode, mtime, size: Number(raw.size), sha256 };
  }

  /** Two patterns may match the same thing; it must then be the same. */
  #put(entry: ReturnEntry): void {
    const { path, kind } = entry;
    const other = this.entries.get(path);
    if (this.#doubled.has(path) || (other && JSON.stringify(other) !== JSON.stringify(entry))) {
      this.#doubled.add(path);
      this.#skip(path, 'it is offered as two things', kind);
      return;
    }
    this.entries.set(path, entry);
    if (this.entries.size > RETURN_LIMITS.entries)
      throw this.unsafe(path, `more than ${RETURN_LIMITS.entries} entries`);
  }

  #skip(path: string, why: string, kind: string): void {
    this.entries.delete(path);
    for (const index of this.#patternOf.get(path) ?? [])
      if (!this.refused.has(index)) this.refused.set(index, `${JSON.stringify(path.slice(0, 200))}: ${why}`);
    const data = kind === 'f' ? ({ data: true } as const) : {};
    if (this.skipped.length < RETURN_LIMITS.entries)
      this.skipped.push({ path: path.slice(0, RETURN_LIMITS.pathBytes), why, ...data });
  }

  /** Nothing may lie below a file or a link. */
  checkTree(): void {
    for (const { path, kind } of [...this.entries.values()]) {
      for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
        const above = this.entries.get(path.slice(0, at));
        if (above && above.kind !== 'd')
          this.#skip(path, 'it lies below something that is no directory', kind);
      }
    }
  }

  unsafe(path: string, why: string): JobError {
    return new JobError('E_OUTPUT_UNSAFE', {
      what: `refused ${JSON.stringify(path.slice(0, 200))}: ${why}`,
      where: this.where,
    });
  }

  malformed(what: string): HostError {
    return new HostError('E_PROTOCOL', { what: `the list of returned files has ${what}`, where: this.where });
  }
}

/** Why an entry is not fetched, or null. */
function entryFault(entry: ReturnEntry, { pattern }: ReturnFile): string | null {
  const { path } = entry;
  if (path.includes('\ufffd')) return 'its name is not valid UTF-8';
  const fault = pathFault(path) ?? (matchesReturn(pattern, path) ? null : 'it was not asked for');
  if (fault) return fault;
  if (/^(stdout|stderr)(\/|$)/.test(path))
    return "the name is taken by the job's own output; return it under another name";
  if (entry.kind !== 'l' || staysInside(path, entry.target)) return null;
  return `it links to ${JSON.stringify(entry.target.slice(0, 200))}, out of the job's directory`;
}

/** What is wrong with a relative path from a host, or null. */
export function pathFault(path: string): string | null {
  if (path === '') return 'the path is empty';
  if (path.includes('\0')) return 'the path contains a NUL';
  if (path.includes('\\') && process.platform === 'win32') return 'the path contains a backslash';
  if (Buffer.byteLength(path) > RETURN_LIMITS.pathBytes) return 'the path is too long';
  const parts = path.split('/');
  if (parts.length > RETURN_LIMITS.depth) return 'the path is too deep';
  for (const part of parts) {
    if (part === '' || part === '.' || part === '..') return `a component is ${JSON.stringify(part)}`;
    if (Buffer.byteLength(part) > 255) return 'a component is longer than 255 bytes';
  }
  return null;
}

/** To the microsecond, which is what is set of a time: the rest is cut there. */
function roundTime(text: string): number {
  return Number(text) + 5e-7;
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}

/** One job's returns are at most this much; a host that offers more is not believed. */
export const RETURN_LIMITS = { entries: 200_000, pathBytes: 4000, depth: 100 } as const;
