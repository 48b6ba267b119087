/**
 * Whether a path is what a declared return asks for, by name or by pattern, or lies in a directory it asks for. A pattern with
 * bash's extended forms (`@(…)`, `[[:…:]]`) cannot be judged here and accepts any path: it still never leaves the job's own directory.
 */
export function matchesReturn(pattern: string, path: string): boolean {
  const plain = pattern.replace(/\/+$/, '');
  if (path === plain || path.startsWith(`${plain}/`)) return true;
  if (/[@!+*?]\(|\[\[|\[\.|\[=/.test(plain)) return true;
  const form = toRegExp(plain);
  return path.split('/').some((_, at, parts) => form.test(parts.slice(0, at + 1).join('/')));
}

/** Bash's globs: `*` and `?` stop at a slash, `**` as a whole component spans any number of them. */
function toRegExp(pattern: string): RegExp {
  const parts = pattern.split('/').map((part) => (part === '**' ? null : partSource(part)));
  let source = '';
  for (const [at, part] of parts.entries()) {
    const last = at === parts.length - 1;
    if (part === null) source += last ? '.*' : '(?:.*/)?';
    else source += last ? part : `${part}/`;
  }
  return new RegExp(`^${source}$`, 'su');
}

function partSource(part: string): string {
  return part.replace(/\\(.)|\[([!^]?)(\]?[^\]]*)\]|([*?])|(.)/gsu, (...match) => {
    const [, quoted, negated, set, wild, plain] = match as (string | undefined)[];
    if (quoted !== undefined) return escapeRegExp(quoted);
    if (set !== undefined) return `(?!/)[${negated ? '^' : ''}${set.replace(/[\\\]^[&~|]/g, '\\$&')}]`;
    if (wild !== undefined) return wild === '*' ? '[^/]*' : '[^/]';
    return escapeRegExp(plain ?? '');
  });
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
