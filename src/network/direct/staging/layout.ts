import { createHash } from 'node:crypto';
import { bytesOfText } from '../../../bytes.js';
import { escapeField } from '../escape.js';

/** One entry of a job's input tree; `path` is relative to the working directory. */
export type TreeEntry =
  | { readonly kind: 'd'; readonly path: string; readonly mode: number; readonly mtime?: string | undefined }
  | FileEntry
  | { readonly kind: 'l'; readonly path: string; readonly target: string };

export interface FileEntry {
  readonly kind: 'f';
  readonly path: string;
  readonly mode: number;
  readonly blob: Blob;
  /** When it was last written here, seconds since 1970 with a fraction. Says nothing of what it is. */
  readonly mtime: string;
  /** Whether jobs get a link to the host's one copy in place of a copy of their own. */
  readonly shared: boolean;
}

/** The content of one input file. */
export interface Blob {
  readonly sha256: string;
  readonly size: number;
  /** The local file, and what it looked like when its digest was taken. */
  readonly source: string;
  readonly version: string;
}

/** A job's inputs as they will lie on a host. */
export interface InputTree {
  /** What it is: the digest of its entries, without times. Who touches a file changes nothing. */
  readonly sha256: string;
  /** Names it on hosts: the digest of `layout`. */
  readonly name: string;
  /** Empty when there are no entries. */
  readonly layout: string;
  readonly entries: readonly TreeEntry[];
  readonly files: readonly FileEntry[];
  /** The contents of the files, each once. */
  readonly blobs: readonly Blob[];
  /** Places of gpool that are no part of it, by their local paths. */
  readonly leftOut: readonly { readonly path: string; readonly why: string }[];
  /** What was left out, and why. */
  readonly skipped: readonly { readonly path: string; readonly why: string }[];
}

/** Puts a tree together. */
export function makeInputTree(
  all: Iterable<TreeEntry>,
  skipped: readonly { readonly path: string; readonly why: string }[],
  leftOut: readonly { readonly path: string; readonly why: string }[] = [],
): InputTree {
  const entries = [...all];
  const files = entries.filter((entry) => entry.kind === 'f');
  const blobs = [...new Map(files.map(({ blob }) => [blob.sha256, blob])).values()];
  const layout =
    entries.length === 0 ? '' : `${formatHead(entries)}${formatLayout(entries)}${formatTimes(entries)}`;
  return {
    sha256: contentDigest(entries),
    name: digestText(layout),
    layout,
    entries,
    files,
    blobs,
    skipped,
    leftOut,
  };
}

/** What these are, whenever they were written and however they are handed to jobs. */
export function contentDigest(entries: readonly TreeEntry[]): string {
  return digestText(formatLayout(entries, formatContent));
}

/** The form of the layout, and how many entries are copied for each job. */
export function formatHead(entries: readonly TreeEntry[]): string {
  return `v\t2\t${entries.filter((entry) => entry.kind !== 'f' || !entry.shared).length}\n`;
}

/** Writes entries down in the one order that a digest can name. Empty when there are none. */
export function formatLayout(entries: readonly TreeEntry[], format = formatEntry): string {
  const sorted = [...entries].sort((a, b) => Buffer.compare(bytesOfText(a.path), bytesOfText(b.path)));
  return sorted.map((entry) => `${format(entry)}\n`).join('');
}

/** When these were last written. Of links it is not kept, and of directories that only lead to an input it is not known. */
export function formatTimes(entries: readonly TreeEntry[]): string {
  return formatLayout(
    entries.filter((entry) => entry.kind !== 'l' && entry.mtime !== undefined && !isShared(entry)),
    (entry) => `t\t${entry.kind === 'l' ? 0 : entry.mtime}\t${escapeField(entry.path)}`,
  );
}

function isShared(entry: TreeEntry): boolean {
  return entry.kind === 'f' && entry.shared;
}

function digestText(text: string): string {
  return createHash('sha256').update(bytesOfText(text)).digest('hex');
}

function formatEntry(entry: TreeEntry): string {
  return isShared(entry) ? `s${formatContent(entry).slice(1)}` : formatContent(entry);
}

function formatContent(entry: TreeEntry): string {
  const path = escapeField(entry.path);
  switch (entry.kind) {
    case 'd':
      return `d\t${entry.mode.toString(8).padStart(3, '0')}\t${path}`;
    case 'f':
      return `f\t${entry.mode.toString(8).padStart(3, '0')}\t${entry.blob.sha256}\t${path}`;
    case 'l':
      return `l\t${escapeField(entry.target)}\t${path}`;
  }
}
