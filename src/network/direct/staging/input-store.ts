import { JobError } from '../../../errors.js';
import type { InputFile } from '../../../spec/job-spec.js';
import { sharedDigests } from './digests.js';
import { readInputTree } from './input-tree.js';
import type { InputTree } from './layout.js';
import { ALONE, sourceDigest } from './source-digest.js';

/** The inputs of a batch, looked at once for each list of files, so that all jobs see the same. */
export class InputStore {
  readonly #trees = new Map<string, Promise<InputTree>>();
  readonly #digests: ReadonlyMap<string, string>;

  /**
   * @param cwd what local paths are relative to.
   * @param digests what inputs are to hold, by their source; one that is not named may hold anything.
   */
  constructor(
    readonly cwd: string,
    digests: Readonly<Record<string, string>> = {},
  ) {
    this.#digests = new Map(Object.entries(digests));
  }

  /** Throws what `readInputTree` throws, and JobError E_INPUT_CHANGED for an input that is not what it is to be. */
  treeOf(files: readonly InputFile[]): Promise<InputTree> {
    const key = JSON.stringify(files);
    const known = this.#trees.get(key);
    if (known !== undefined) return known;
    const tree = this.#read(files);
    this.#trees.set(key, tree);
    tree.catch(() => this.#trees.delete(key));
    return tree;
  }

  /** What a source holds, wherever a job wants it. Throws as `treeOf`. */
  treeAlone(source: string): Promise<InputTree> {
    return this.treeOf([{ source, target: ALONE }]);
  }

  /** A file changed: look again next time. */
  forget(files: readonly InputFile[]): void {
    this.#trees.delete(JSON.stringify(files));
  }

  async #read(files: readonly InputFile[]): Promise<InputTree> {
    const tree = await readInputTree(files, this.cwd, sharedDigests);
    for (const { source, target } of files) {
      const wanted = this.#digests.get(source);
      if (wanted !== undefined && isFile(tree, target) && wanted !== sourceDigest(tree, target))
        throw changedError(source);
    }
    return tree;
  }
}

/** A directory may be one that people work in: it is judged when a batch is gone on with, not while it runs. */
function isFile({ files }: InputTree, target: string): boolean {
  return files.some(({ path }) => path === target.replace(/\/+$/, ''));
}

function changedError(source: string): JobError {
  return new JobError('E_INPUT_CHANGED', {
    what: 'the input is not what it was when the batch was made',
    where: source,
    next: 'What ran before had it as it was; `gpool rerun` takes it as it is now.',
  });
}
