/** The seed of a random test: SEED from the environment, or a new one. Print it, so that a failure can be run again. */
export function pickSeed(): number {
  return Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
}
