/** Names that bash sets or resets itself when it starts, or that cannot be set at all: whatever is given under them is gone. */
const RESET = new Set(
  `BASH BASHOPTS BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_COMMAND BASH_EXECUTION_STRING BASH_LINENO
  BASH_REMATCH BASH_SOURCE BASH_SUBSHELL BASH_VERSINFO BASH_VERSION COMP_WORDBREAKS DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME
  GROUPS HISTCMD IFS LINENO OLDPWD OPTIND PIPESTATUS PPID PWD RANDOM SECONDS SHELLOPTS SHLVL SRANDOM UID _`.split(
    /\s+/,
  ),
);

/** Names that change how the job itself is run. */
const STEERING = new Set(
  `BASH_ENV BASH_COMPAT BASH_XTRACEFD CDPATH ENV GLOBIGNORE HOME PATH POSIXLY_CORRECT SHELL TMPDIR`.split(
    /\s+/,
  ),
);

/** Whether a column or parameter of this name is not exported: it stands only where `{name}` does. */
export function isPlaceholderOnly(name: string): boolean {
  return RESET.has(name) || STEERING.has(name) || /^(?:LD_|GPOOL_|BASH_FUNC_)/.test(name);
}

/** What is wrong with the variables that a job gets: names that bash would not take, values that no program can be started with. */
export function findVariableProblems(record: Readonly<Record<string, unknown>>): string[] {
  let total = 0;
  const long = Object.entries(record).flatMap(([name, value]) => {
    const bytes = Buffer.byteLength(`${name}=${String(value)}`) + 1;
    total += bytes;
    return bytes > MOST_BYTES
      ? [`${name} is ${bytes} bytes long; Linux passes on at most ${MOST_BYTES}`]
      : [];
  });
  const what = `the variables are ${total} bytes together; a program can be started with at most ${MOST_IN_ALL}`;
  return total > MOST_IN_ALL ? [...long, `${what}; put them into a file`] : long;
}

/** The names among them that bash sets or resets itself. */
export function findResetNames(record: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(record).filter((name) => RESET.has(name));
}

/** Linux: MAX_ARG_STRLEN, 32 pages. */
const MOST_BYTES = 131_072;
/** A quarter of the usual stack of 8 MiB, with room for the environment that is there. */
const MOST_IN_ALL = 1_900_000;
