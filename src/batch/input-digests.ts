import { GpoolError } from '../errors.js';
import { InputStore } from '../network/direct/staging/input-store.js';
import type { JobSpec } from '../spec/job-spec.js';

/** What input files and directories hold: SHA-256 of content, names and modes, by their source. */
export type InputDigests = Readonly<Record<string, string>>;

/**
 * Digests the inputs of all specs, each distinct one once. Throws a SpecError on one that cannot be sent (E_INPUT_MISSING,
 * E_INPUT_DENIED, E_INPUT_LINK). `cwd` is what relative sources are relative to.
 */
export async function digestInputs(specs: readonly JobSpec[], cwd: string): Promise<InputDigests> {
  const store = new InputStore(cwd);
  const sources = new Set(specs.flatMap(({ files }) => files.map(({ source }) => source)));
  const digest = async (source: string): Promise<[string, string]> => {
    const { sha256 } = await store.treeOf([{ source, target: 'input' }]);
    return [source, sha256];
  };
  return Object.fromEntries(await Promise.all(Array.from(sources, digest)));
}

/** The same for one who can do without those that cannot be read now: their jobs will say so. */
export async function digestReadable(specs: readonly JobSpec[], cwd: string): Promise<InputDigests> {
  const known: Record<string, string> = {};
  for (const spec of specs) {
    const missing = { ...spec, files: spec.files.filter(({ source }) => !Object.hasOwn(known, source)) };
    if (missing.files.length > 0) Object.assign(known, await digestInputs([missing], cwd).catch(asNone));
  }
  return known;
}

function asNone(error: unknown): InputDigests {
  if (error instanceof GpoolError) return {};
  throw error;
}
