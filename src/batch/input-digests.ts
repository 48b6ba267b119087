import { join } from 'node:path';
import { GpoolError } from '../errors.js';
import { InputStore } from '../network/direct/staging/input-store.js';
import type { JobSpec } from '../spec/job-spec.js';

/** What input files and directories hold: SHA-256 of content, names and modes, by their source. */
export type InputDigests = Readonly<Record<string, string>>;

/**
 * Digests the inputs of all specs, each distinct one once. Throws a SpecError on one that cannot be sent (E_INPUT_MISSING,
 * E_INPUT_DENIED, E_INPUT_LINK). `cwd` is what relative sources are relative to. `onLeftOut` hears what of them is not sent.
 */
export function digestInputs(
  specs: readonly JobSpec[],
  cwd: string,
  onLeftOut: (paths: readonly LeftOut[]) => void = () => undefined,
): Promise<InputDigests> {
  const refuse = (error: unknown): never => {
    throw error;
  };
  return digestSources(specs, cwd, refuse, onLeftOut);
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

/** Something in a directory that is sent, and why it stays here. */
export interface LeftOut {
  readonly path: string;
  readonly why: string;
}

/** By its local path. */
function toLocal({ path, why }: LeftOut, source: string): LeftOut {
  return { path: join(source, path.slice(path.indexOf('/') + 1)), why: why.replace(/ is not sent$/, '') };
}

async function digestSources(
  specs: readonly JobSpec[],
  cwd: string,
  onError: (error: unknown) => void,
  onLeftOut: (paths: readonly LeftOut[]) => void = () => undefined,
): Promise<InputDigests> {
  const leftOut: LeftOut[] = [];
  const store = new InputStore(cwd);
  const digests = new Map<string, string>();
  const digest = async (source: string): Promise<void> => {
    try {
      const tree = await store.treeAlone(source);
      digests.set(source, tree.sha256);
      leftOut.push(...tree.leftOut, ...tree.skipped.map((skipped) => toLocal(skipped, source)));
    } catch (error) {
      onError(error);
    }
  };
  const sources = new Set(specs.flatMap(({ files }) => files.map((file) => file.source)));
  await Promise.all(Array.from(sources, digest));
  if (leftOut.length > 0) onLeftOut(leftOut);
  return Object.fromEntries(digests);
}
