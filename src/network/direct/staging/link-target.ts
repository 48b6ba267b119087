/**
 * Whether a symbolic link at `path` (inside a tree) can only lead to places inside the tree: relative, with `..` only at the
 * beginning and no more often than `path` is deep. A `..` after a name could climb out through another link.
 */
export function staysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/')) return false;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const named = parts.findIndex((part) => part !== '..');
  const ups = named < 0 ? parts.length : named;
  return ups < path.split('/').length && !parts.slice(ups).includes('..');
}
