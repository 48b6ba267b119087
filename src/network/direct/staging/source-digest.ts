import { contentDigest, type InputTree, type TreeEntry } from './layout.js';

/** The digest of what one source of a tree holds, wherever it is to lie: the same that the source has alone, as `input`. */
export function sourceDigest({ entries }: Pick<InputTree, 'entries'>, target: string): string {
  const top = target.replace(/\/+$/, '');
  const own = entries.filter(({ path }) => path === top || path.startsWith(`${top}/`));
  return contentDigest(own.map((entry) => moveEntry(entry, top)));
}

function moveEntry(entry: TreeEntry, top: string): TreeEntry {
  return { ...entry, path: `${ALONE}${entry.path.slice(top.length)}` };
}

/** The name that a source has where nobody says another. */
export const ALONE = 'input';
