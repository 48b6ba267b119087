import { rm } from 'node:fs/promises';
import { findMissing } from '../find-missing.js';
import type { Lab } from '../lab.js';
import type { Contestant } from '../measurement.js';
import { runCommand } from '../run-command.js';
import { digestTree, makeFile, makeTree } from '../sample-files.js';

/** A peer that copies in one line of sh: $1 the source, $2 the target, $3 the ssh_config. Its first word is its program. */
interface CopyLine {
  readonly name: string;
  readonly line: string;
  /** What `target` is in: the directory of the hosts, or on this side when nothing is said. */
  readonly below?: string;
}

interface TreeLine extends CopyLine {
  /** Whether it keeps the files' modes. */
  readonly modes: boolean;
  /** Whether what is measured is the second copy of the same tree to the same place. */
  readonly again?: boolean;
}

/** What a copy that nobody checks leaves out: the digests of what lies at both ends. The two paths are of one machine here. */
export const COMPARE =
  'here=$(openssl dgst -sha256 <"$1"); test "$here" = "$(ssh -F "$3" h1 "openssl dgst -sha256 <$2")"';

/** Copies a new file of so many MiB; the answer is in MiB/s. */
export function fileCopier(lab: Lab, mib: number, copy: CopyLine): Contestant {
  return {
    name: copy.name,
    kind: 'peer',
    missing: findProgram(copy),
    run: async () => {
      const source = await makeFile(lab.fresh('original', lab.hostDirectory), mib * 2 ** 20);
      const target = lab.fresh('copy', copy.below);
      const seconds = await runLine(lab, copy, source, target);
      await runCommand('cmp', [source, target]);
      for (const path of [source, target]) await rm(path);
      return mib / seconds;
    },
  };
}

/** Copies a new tree of so many files; the answer is in files/s. */
export function treeCopier(lab: Lab, files: number, copy: TreeLine): Contestant {
  const { name, modes, again = false } = copy;
  return {
    name: again ? `${name}, again` : name,
    kind: 'peer',
    missing: findProgram(copy),
    run: async () => {
      const source = await makeTree(lab.fresh('original', lab.hostDirectory), files);
      const target = lab.fresh('copy', copy.below);
      if (again) await runLine(lab, copy, source, target); // not on the clock
      const seconds = await runLine(lab, copy, source, target);
      const same = (await digestTree(source, modes)) === (await digestTree(target, modes));
      for (const path of [source, target]) await rm(path, { recursive: true });
      if (!same) throw new Error('the copy is another');
      return files / seconds;
    },
  };
}

function findProgram({ name }: CopyLine): string | undefined {
  const program = name.split(' ', 1)[0] ?? '';
  return findMissing({ [program]: PACKAGES[program] ?? program });
}

async function runLine(lab: Lab, { line }: CopyLine, source: string, target: string): Promise<number> {
  return (await runCommand('sh', ['-ec', line, 'sh', source, target, lab.hosts.sshConfig])).seconds;
}

const PACKAGES: Readonly<Record<string, string>> = {
  ssh: 'openssh-client',
  sftp: 'openssh-client',
  scp: 'openssh-client',
};
