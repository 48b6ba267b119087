/**
 * Whether a name matches a comma list of OpenSSH patterns: `*` any text, `?` one character, `!` excludes whatever
 * else matches. Case does not count.
 */
export function matchesPatternList(name: string, list: string): boolean {
  const lower = name.toLowerCase();
  let matched = false;
  for (const pattern of list.toLowerCase().split(',')) {
    if (pattern.startsWith('!')) {
      if (matchesPattern(lower, pattern.slice(1))) return false;
    } else if (matchesPattern(lower, pattern)) matched = true;
  }
  return matched;
}

/** At most text times pattern steps, whatever the number of stars: the file may be hostile, a regular expression would backtrack. */
function matchesPattern(text: string, pattern: string): boolean {
  let [at, star, resume, p] = [0, -1, 0, 0];
  while (at < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = at;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[at])) {
      p++;
      at++;
    } else if (star >= 0) {
      p = star + 1;
      at = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
