import { constants, type Stats, statSync } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { localPath } from '../bytes.js';
import { descriptorOf } from './descriptor-path.js';
import type { JobSpec } from './job-spec.js';
import { nameSome, type Problem, throwProblems } from './problems.js';

/**
 * Looks for the input files of all specs, each distinct one once, and returns the specs. Throws one SpecError that
 * lists every missing or unreadable file with the jobs that need it (E_INPUT_MISSING, E_INPUT_DENIED). Meant to run before
 * any connection is made. `cwd` is what relative sources are relative to.
 */
export async function validateSpecs(
  specs: readonly JobSpec[],
  { cwd }: { readonly cwd: string },
): Promise<readonly JobSpec[]> {
  const users = usersBySource(specs);
  const problems: Problem[] = [];
  for (const [source, names] of users) {
    const problem = await findProblem(resolve(cwd, source));
    const needed = names.length === specs.length && names.length > 1 ? 'every job' : nameSome(names);
    if (problem) problems.push({ ...problem, where: source, what: `${problem.what}; needed by ${needed}` });
  }
  throwProblems(problems, 'input files');
  return specs;
}

function usersBySource(specs: readonly JobSpec[]): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const { name, files } of specs) {
    for (const { source } of files) {
      const names = users.get(source);
      if (names) names.push(name);
      else users.set(source, [name]);
    }
  }
  return users;
}

async function findProblem(file: string): Promise<Pick<Problem, 'code' | 'what'> | undefined> {
  try {
    await access(localPath(file), constants.R_OK);
    return findSpecial(file, await stat(localPath(file)));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    return missing
      ? { code: 'E_INPUT_MISSING', what: 'there is no such file' }
      : { code: 'E_INPUT_DENIED', what: `the file cannot be read (${code})` };
  }
}

/** What can be read neither as a file nor once, to its end. */
function findSpecial(file: string, found: Stats): Pick<Problem, 'code' | 'what'> | undefined {
  const isDevice = found.isBlockDevice() || (found.isCharacterDevice() && !isNull(found));
  const isSocket = found.isSocket() && descriptorOf(file) === null;
  if (!isDevice && !isSocket) return undefined;
  return { code: 'E_INPUT_DENIED', what: `a ${isDevice ? 'device' : 'socket'} cannot be sent` };
}

function isNull({ rdev }: Stats): boolean {
  return rdev === statSync('/dev/null').rdev;
}
