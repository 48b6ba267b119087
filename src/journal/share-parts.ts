/** Puts the lists and objects of `like` in the place of equal ones in `value`, which is answered. Both are plain JSON. */
export function shareParts<T extends object>(value: T, like: T): T {
  for (const key in value) {
    const part = like[key];
    if (typeof part === 'object' && isSame(value[key], part)) value[key] = part;
  }
  return value;
}

/** Also in the order of their keys. */
function isSame(one: unknown, other: unknown): boolean {
  if (!isObject(one) || !isObject(other)) return one === other;
  if (Array.isArray(one)) return Array.isArray(other) && isSameList(one, other);
  if (Array.isArray(other)) return false;
  const [keys, others] = [Object.keys(one), Object.keys(other)];
  return (
    keys.length === others.length &&
    keys.every((key, at) => key === others[at] && isSame(one[key], other[key]))
  );
}

function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((part, at) => isSame(part, other[at]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
