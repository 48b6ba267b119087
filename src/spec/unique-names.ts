/**
 * Hands out job names, each once. Replicas of one job are `name#1` … `name#k`; a name that another job has already
 * becomes `name-2`, `name-3` ….
 */
export class UniqueNames {
  readonly #taken = new Set<string>();
  /** Where to go on trying, so that a million equal names take no longer each than ten. */
  readonly #lastSuffix = new Map<string, number>();

  /** The names for `repeat` replicas of a job. */
  take(name: string, repeat: number): string[] {
    const family = repeat === 1 ? name : `${name}#`;
    for (let suffix = this.#lastSuffix.get(family) ?? 1; ; suffix++) {
      const names = replicaNames(suffix === 1 ? name : `${name}-${suffix}`, repeat);
      if (names.some((candidate) => this.#taken.has(candidate))) continue;
      for (const candidate of names) this.#taken.add(candidate);
      this.#lastSuffix.set(family, suffix);
      return names;
    }
  }
}

function replicaNames(name: string, repeat: number): string[] {
  return repeat === 1 ? [name] : Array.from({ length: repeat }, (_, at) => `${name}#${at + 1}`);
}
