/**
 * What to do instead of a flag of GNU parallel that `gpool run` does not have, or undefined. A flag that is here under its
 * own name keeps its meaning and is not in this list.
 */
export function adviseOnParallelFlag(flag: string): string | undefined {
  return ADVICE.get(flag);
}

const OWN_DIRECTORY =
  'Each job runs in a directory of its own; write `cd DIR && …` into the command for another.';
const SEND = 'Use --file.';

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['--wd', OWN_DIRECTORY],
  ['--workdir', OWN_DIRECTORY],
  ['--basefile', SEND],
  ['--transferfile', SEND],
  ['--progress', 'Use --bar.'],
  ['--sshlogin', 'Use -S.'],
  ['--sshloginfile', 'Use --slf.'],
  ['--max-procs', 'Use -j.'],
  ['--arg-file', 'Use -a.'],
  ['--halt-on-error', 'Use --halt.'],
  ['--ungroup', 'Use --line-buffer.'],
]);
