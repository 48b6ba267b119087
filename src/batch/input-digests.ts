import { GpoolError } from '../errors.js';
import { InputStore } from '../network/direct/staging/input-store.js';
import type { JobSpec } from '../spec/job-spec.js';

/** What input files and directories hold: SHA-256 of content, names and modes, by their source. */
export type InputDigests = Readonly<Record<string, string>>;

/**
 * Digests the inputs of all specs, each distinct one once. Throws a SpecError on one that cannot be sent (E_INPUT_MISSING,
 * E_INPUT_DENIED, E_INPUT_LINK). `cwd` is what relative sources are relative to.
 */
export function digestInputs(specs: readonly JobSpec[], cwd: string): Promise<InputDigests> {
  return digestSources(specs, cwd, (error) => {
    throw error;
  });
}

/** The same for one who can do without those that cannot be read now: their jobs will say so. */
export function digestReadable(specs: readonly JobSpec[], cwd: string): Promise<InputDigests> {
  return digestSources(specs, cwd, (error) => {
    if (!(error instanceof GpoolError)) throw error;
  });
}

/** Those sources of the specs whose digest was known, and is another now or cannot be told. */
export function changedSources(
  specs: readonly JobSpec[],
  known: InputDigests,
  now: InputDigests,
): readonly string[] {
  const sources = new Set(specs.flatMap(({ files }) => files.map(({ source }) => source)));
  return [...sources].filter((source) => Object.hasOwn(known, source) && known[source] !== now[source]);
}

async function digestSources(
  specs: readonly JobSpec[],
  cwd: string,
  onError: (error: unknown) => void,
): Promise<InputDigests> {
  const store = new InputStore(cwd);
  const digests = new Map<string, string>();
  const digest = async (source: string): Promise<void> => {
    try {
      digests.set(source, await store.digestOf(source));
    } catch (error) {
      onError(error);
    }
  };
  const sources = new Set(specs.flatMap(({ files }) => files.map((file) => file.source)));
  await Promise.all(Array.from(sources, digest));
  return Object.fromEntries(digests);
}
