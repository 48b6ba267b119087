import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs, and the Debian package that has each. */
export type Programs = Readonly<Record<string, string>>;

/** Where daemons are, which a user's PATH may leave out. */
const SYSTEM = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Why a peer cannot take part: the first program that is not on the PATH, and the Debian package that has it. */
export function findMissing(programs: Programs): string | undefined {
  const [first] = Object.entries(programs).filter(([program]) => !isInstalled(program));
  return first && `there is no ${first[0]}; apt-get install ${first[1]}`;
}

/** The Debian packages of the programs that are not there. */
export function missingPackages(programs: Programs): readonly string[] {
  const missing = Object.entries(programs).filter(([program]) => !isInstalled(program));
  return [...new Set(missing.map(([, debianPackage]) => debianPackage))];
}

function isInstalled(program: string): boolean {
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM];
  return directories.some((directory) => existsSync(join(directory, program)));
}
