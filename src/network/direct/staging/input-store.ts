import type { InputFile } from '../../../spec/job-spec.js';
import { sharedDigests } from './digests.js';
import { readInputTree } from './input-tree.js';
import type { InputTree } from './layout.js';

/** The inputs of a batch, looked at once for each list of files, so that all jobs see the same. */
export class InputStore {
  readonly #trees = new Map<string, Promise<InputTree>>();

  /** @param cwd what local paths are relative to. */
  constructor(readonly cwd: string) {}

  /** Throws what `readInputTree` throws. */
  treeOf(files: readonly InputFile[]): Promise<InputTree> {
    const key = JSON.stringify(files);
    const known = this.#trees.get(key);
    if (known !== undefined) return known;
    const tree = readInputTree(files, this.cwd, sharedDigests);
    this.#trees.set(key, tree);
    tree.catch(() => this.#trees.delete(key));
    return tree;
  }

  /** A file changed: look again next time. */
  forget(files: readonly InputFile[]): void {
    this.#trees.delete(JSON.stringify(files));
  }
}
