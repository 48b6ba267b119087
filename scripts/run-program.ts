import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

/** Runs the bundled program in this process. `compiled` is what an earlier `createCachedData` of the same file gave, by the same Node. */
export function runProgram(file: string, compiled?: Buffer): Script {
  // The bundle is plain ASCII, which is read fastest as Latin-1.
  const source = `(function (require, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`;
  const script = new Script(source, { filename: file, ...(compiled && { cachedData: compiled }) });
  script.runInThisContext()(createRequire(file), file, dirname(file));
  return script;
}
