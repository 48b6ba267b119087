import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Why a peer cannot take part: the first program that is not on the PATH, and the Debian package that has it. */
export function findMissing(programs: Readonly<Record<string, string>>): string | undefined {
  const directories = (process.env.PATH ?? '').split(delimiter);
  for (const [program, debianPackage] of Object.entries(programs)) {
    if (!directories.some((directory) => existsSync(join(directory, program)))) {
      return `there is no ${program}; apt-get install ${debianPackage}`;
    }
  }
  return undefined;
}
