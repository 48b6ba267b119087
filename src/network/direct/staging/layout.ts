import { createHash } from 'node:crypto';
import { bytesOfText } from '../../../bytes.js';
import { escapeField } from '../escape.js';

/** One entry of a job's input tree; `path` is relative to the working directory. */
export type TreeEntry =
  | { readonly kind: 'd'; readonly path: string; readonly mode: number }
  | FileEntry
  | { readonly kind: 'l'; readonly path: string; readonly target: string };

export interface FileEntry {
  readonly kind: 'f';
  readonly path: string;
  readonly mode: number;
  readonly blob: Blob;
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
  /** Names the tree: the digest of `layout`. */
  readonly sha256: string;
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

/** Writes entries down in the one order that a digest can name. Empty when there are none. */
export function formatLayout(entries: Iterable<TreeEntry>): string {
  const sorted = [...entries].sort((a, b) => Buffer.compare(bytesOfText(a.path), bytesOfText(b.path)));
  return sorted.map((entry) => `${formatEntry(entry)}\n`).join('');
}

export function layoutDigest(layout: string): string {
  return createHash('sha256').update(bytesOfText(layout)).digest('hex');
}

function formatEntry(entry: TreeEntry): string {
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
