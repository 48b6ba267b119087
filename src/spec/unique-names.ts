/**
 * Hands out job names, each once. Replicas of one job are `name#1` … `name#k`; a name that another job has already
 * becomes `name-2`, `name-3` ….
 */
export class UniqueNames {
  readonly #taken = new Set<string>();
  readonly #lastSuffix = new Map<string, number>();

  /** The names for `repeat` replicas of a job. */
  take(name: string, repeat: number): string[] {
    for (let suffix = this.#lastSuffix.get(name) ?? 1; ; suffix++) {
      const names = replicaNames(suffix === 1 ? name : `${name}-${suffix}`, repeat);
      if (names.some((candidate) => this.#taken.has(candidate))) continue;
      for (const candidate of names) this.#taken.add(candidate);
      this.#lastSuffix.set(name, suffix);
      return names;
    }
  }
}

function replicaNames(name: string, repeat: number): string[] {
  return repeat === 1 ? [name] : Array.from({ length: repeat }, (_, at) => `${name}#${at + 1}`);
}
