/** The five places where a fault can lie. Retry decides by this, never by the text of a message. */
export type FaultDomain = 'spec' | 'host' | 'transport' | 'job' | 'state';

/** What a person needs to act on an error: what went wrong, where, and what to do next. */
export interface ErrorDetail {
  /** The fault in a few words, no trailing full stop: `the login was refused`. */
  readonly what: string;
  /** The place: `me@lab01:22`, `hosts.txt:12`, `job 7 (sim#2)`. */
  readonly where: string;
  /** What we were doing: `connect`, `upload sim.py`. */
  readonly operation?: string;
  /** What to do next; the code's own advice when left out. */
  readonly next?: string;
  readonly cause?: unknown;
}

/** A fault as data: what the journal keeps of an error. */
export interface Fault {
  readonly code: ErrorCode;
  readonly domain: FaultDomain;
  readonly what: string;
  readonly where: string;
  readonly next: string;
}

/** The root of every error that gpool throws on purpose. Catch by subclass, or look at `code`. */
export abstract class GpoolError extends Error {
  abstract readonly domain: FaultDomain;
  readonly code: ErrorCode;
  readonly what: string;
  readonly where: string;
  readonly operation: string;
  readonly next: string;

  constructor(code: ErrorCode, detail: ErrorDetail) {
    const next = detail.next ?? ERROR_CODES[code].next;
    super(`${detail.where}: ${detail.what} (${code}). ${next}`, { cause: detail.cause });
    this.name = new.target.name;
    this.code = code;
    this.what = detail.what;
    this.where = detail.where;
    this.operation = detail.operation ?? ERROR_CODES[code].operation;
    this.next = next;
  }

  toFault(): Fault {
    const { code, domain, what, where, next } = this;
    return { code, domain, what, where, next };
  }
}

/** The user's input is wrong: a spec, a batch file, an inventory, an option. Nothing was started. */
export class SpecError extends GpoolError {
  readonly domain = 'spec';
}

/** One machine cannot be used: login, host key, shell, disk. Other hosts go on. */
export class HostError extends GpoolError {
  readonly domain = 'host';
}

/** The link failed or did not answer in time. Says nothing about the job behind it. */
export class TransportError extends GpoolError {
  readonly domain = 'transport';
}

/** The job itself, its inputs or its declared returns. */
export class JobError extends GpoolError {
  readonly domain = 'job';
}

/** Our own records: the journal, the batch directory, a state that must not be. */
export class StateError extends GpoolError {
  readonly domain = 'state';
}

/** Turns anything thrown into a fault; what is not ours is an `E_INTERNAL` of the state domain. */
export function toFault(error: unknown, where: string): Fault {
  if (error instanceof GpoolError) return error.toFault();
  const what = error instanceof Error ? error.message : String(error);
  return new StateError('E_INTERNAL', { what, where, cause: error }).toFault();
}

interface CodeEntry {
  readonly domain: FaultDomain;
  /** What was being done when it happened, when the thrower does not say. */
  readonly operation: string;
  /** The advice printed when the thrower has no better one. */
  readonly next: string;
}

/** Every code, its domain, and its default advice. A table test holds each message to this. */
// biome-ignore format: one code a line reads as the table it is
export const ERROR_CODES = {
  E_USAGE: { domain: 'spec', operation: 'read the command line', next: 'See `gpool --help`.' },
  E_SPEC: { domain: 'spec', operation: 'check the job specs', next: 'Correct the spec and run again.' },
  E_PLACEHOLDER: { domain: 'spec', operation: 'fill in placeholders', next: 'Use a name that the sweep defines, or double the braces for literal text.' },
  E_INPUT_MISSING: { domain: 'spec', operation: 'look for input files', next: 'Check the path; it is relative to the directory you run in.' },
  E_INPUT_LINK: { domain: 'spec', operation: 'read the input files', next: 'Point the symbolic link into its own directory, or name what it points at as an input of its own.' },
  E_INPUT_DENIED: { domain: 'spec', operation: 'read an input file', next: 'Make the file readable for you (chmod u+r).' },
  E_BATCH_FILE: { domain: 'spec', operation: 'read the batch file', next: 'Correct the file at the line named.' },
  E_JOBLOG: { domain: 'spec', operation: 'read the joblog', next: 'Correct the file, or name another with --joblog.' },
  E_HOST_SYNTAX: { domain: 'spec', operation: 'read the hosts', next: 'Write a host as [slots/][user@]name[:port], e.g. 4/me@lab01:2222.' },
  E_INVENTORY: { domain: 'spec', operation: 'read the host inventory', next: 'Correct the inventory at the line named.' },
  E_NO_HOST: { domain: 'spec', operation: 'choose hosts', next: 'Name hosts with -S HOSTS or --slf FILE.' },
  E_DESCRIPTORS: { domain: 'spec', operation: 'count open files', next: 'Allow more (`ulimit -Hn` shows how many you may have), or use fewer hosts.' },
  E_MEMORY: { domain: 'spec', operation: 'count jobs', next: 'Make several batches of it.' },
  E_BATCH_EXISTS: { domain: 'state', operation: 'create the batch directory', next: 'Choose another directory with --out.' },
  E_BATCH_WRITE: { domain: 'state', operation: 'write the batch directory', next: 'Choose a directory you can write, with free space, with --out.' },
  E_BATCH_NOT_FOUND: { domain: 'state', operation: 'open the batch', next: 'Name a batch directory; `ls batches` shows them.' },
  E_BATCH_HELD: { domain: 'state', operation: 'take hold of the batch', next: 'Let that process go on, or end it with Ctrl-C first; `gpool status` shows how the batch stands.' },
  E_BATCH_OWNER: { domain: 'state', operation: 'take hold of the batch', next: 'What a batch says is run as you. Use a directory that only you and root can change; --trust-batch, or GPOOL_TRUST_BATCH=1, takes this one as it is.' },
  E_BATCH_BUSY: { domain: 'state', operation: 'bring the batch up to date', next: 'Let them end with `gpool resume BATCH`, or end them with `gpool cancel BATCH` and then resume; then run again.' },
  E_INPUTS_CHANGED: { domain: 'state', operation: 'go on with the batch', next: 'Put them back as they were, or let the waiting jobs take them as they are now with `gpool resume BATCH --accept-changed`; `gpool rerun BATCH --all` runs every job with them.' },
  E_BATCH_DAMAGED: { domain: 'state', operation: 'read the batch', next: 'Keep the file; restore it from a copy.' },
  E_BATCH_VERSION: { domain: 'state', operation: 'open the batch', next: 'Use the gpool version that wrote it, or a newer one.' },
  E_CONTROL: { domain: 'state', operation: 'ask the controller', next: 'Ask again; if the controller hangs, end it (the batch goes on with `gpool resume`).' },
  E_JOB_NOT_FOUND: { domain: 'state', operation: 'look up the job', next: '`gpool status BATCH` lists the jobs.' },
  E_JOURNAL: { domain: 'state', operation: 'write the journal', next: 'Free disk space or fix the disk, then resume the batch; no further job was started.' },
  E_JOURNAL_DAMAGED: { domain: 'state', operation: 'read the journal', next: '`gpool resume BATCH --salvage` goes on with what is unharmed, and keeps the damaged file.' },
  E_QUEUE: { domain: 'state', operation: 'use a queue', next: 'Use the states and objects that the queue was made with.' },
  E_TRANSITION: { domain: 'state', operation: 'apply an event', next: 'The events do not fit this batch; if its journal is its own, please report this.' },
  E_PACKAGE: { domain: 'state', operation: 'read the helper', next: 'Install gpool anew: parts of its package are missing.' },
  E_INTERNAL: { domain: 'state', operation: 'run', next: 'This is a fault of gpool; please report it with the output of --debug.' },
  E_KEY: { domain: 'host', operation: 'read the private key', next: 'Check the IdentityFile, its passphrase, or load the key into ssh-agent.' },
  E_SSH_CONFIG: { domain: 'host', operation: 'read the ssh configuration', next: 'Run `ssh -G HOST` to see what OpenSSH makes of it.' },
  E_AUTH: { domain: 'host', operation: 'log in', next: 'Try `ssh` to that host by hand; gpool does not try a refused login twice.' },
  E_HOSTKEY_UNKNOWN: { domain: 'host', operation: 'check the host key', next: 'Compare the fingerprint with the host\'s owner, then add it with `ssh-keyscan` or run without --strict.' },
  E_HOSTKEY_CHANGED: { domain: 'host', operation: 'check the host key', next: 'If the host was reinstalled, remove the old line from known_hosts; if not, someone may be in between.' },
  E_HOSTKEY_REVOKED: { domain: 'host', operation: 'check the host key', next: 'This key was marked @revoked: do not connect; ask the host\'s owner.' },
  E_KNOWN_HOSTS: { domain: 'host', operation: 'read known_hosts', next: 'Make the file readable; gpool refuses to connect without it.' },
  E_KEX: { domain: 'host', operation: 'agree on algorithms', next: 'Update the server, or use --transport openssh.' },
  E_NOT_SSH: { domain: 'host', operation: 'greet the server', next: 'Check the port number: what answers there is not an SSH server.' },
  E_PENALTY: { domain: 'transport', operation: 'connect', next: 'The server refuses this address for a while after failed logins; it is tried again every half minute.' },
  E_LOGIN_SHELL: { domain: 'host', operation: 'start a shell', next: 'The account must be allowed to run commands; check its login shell and ForceCommand.' },
  E_NO_BASH: { domain: 'host', operation: 'look for bash', next: 'Put bash 4.2 or later on the PATH of that account.' },
  E_OLD_BASH: { domain: 'host', operation: 'check bash', next: 'Put bash 4.2 or later first on the PATH of that account.' },
  E_NO_SFTP: { domain: 'host', operation: 'start SFTP', next: 'Enable the sftp subsystem in sshd_config, or use --transport openssh.' },
  E_REMOTE_DISK: { domain: 'host', operation: 'write on the host', next: 'Free space there, or choose another root directory.' },
  E_REMOTE_INODES: { domain: 'host', operation: 'write on the host', next: 'The file system has no inode left: delete files there, or choose another root directory.' },
  E_ROOT: { domain: 'host', operation: 'prepare the root directory', next: 'Choose a directory you can write with `root:` in the inventory.' },
  E_HELPER: { domain: 'host', operation: 'check the helper', next: 'The helper on the host differs from what was sent; look at who can write that directory.' },
  E_BATCH_TAKEN: { domain: 'host', operation: 'begin the batch there', next: 'Give each batch an id of its own (`batchId`); what is left of the other one there is removed with `gpool gc --force`.' },
  E_ELSEWHERE: { domain: 'host', operation: 'begin the batch there', next: 'The name leads to several machines: name that one itself. If it never comes back, what it had is given up with `gpool hosts remove --now`, and what is left of it there is removed with `gpool gc --force`.' },
  E_PROTOCOL: { domain: 'host', operation: 'read the helper\'s answer', next: 'Run again with --debug and report what the host printed.' },
  E_NO_SSH_CLIENT: { domain: 'host', operation: 'start ssh', next: 'Install the OpenSSH client, or use --transport ssh2.' },
  E_HOST_UNKNOWN: { domain: 'host', operation: 'look up the host', next: 'The host is not in this pool; check its name.' },
  E_HOST_REMOVED: { domain: 'host', operation: 'run the job', next: 'The host was taken out of the batch by hand; what ran there was given up.' },
  E_HOST_SUSPECT: { domain: 'host', operation: 'judge the host', next: 'Look with `gpool logs` at what the jobs printed there; one job tries the host again after a while.' },
  E_CONN_REFUSED: { domain: 'transport', operation: 'connect', next: 'Is sshd running there? Check the address and the port.' },
  E_CONN_TIMEOUT: { domain: 'transport', operation: 'connect', next: 'Is the host switched on and reachable from here?' },
  E_HOST_SILENT: { domain: 'host', operation: 'wait for the host', next: 'Look at the host; what it still tells of the attempt is in the journal.' },
  E_CONN_LOST: { domain: 'transport', operation: 'talk to the host', next: 'What runs there goes on; run `gpool status` or resume when the link is back.' },
  E_NOT_MOUNTED: { domain: 'transport', operation: 'look for the records', next: 'What runs there is unknown until it is mounted again; if it never will be, take the host out with `gpool hosts remove --now`.' },
  E_DNS: { domain: 'transport', operation: 'look up the name', next: 'Check the spelling of the host name.' },
  E_DEADLINE: { domain: 'transport', operation: 'wait for the host', next: 'The host is very slow or the link is dead; try `ssh` to it by hand.' },
  E_CHANNEL: { domain: 'transport', operation: 'open a channel', next: 'The server allows few sessions (MaxSessions); others may be using them.' },
  E_TRANSFER: { domain: 'transport', operation: 'copy a file', next: 'Run again; a file is only ever put in place whole and checked.' },
  E_REBOOTED: { domain: 'host', operation: 'run the job', next: 'The host went down while the job ran; run the job again.' },
  E_SUPERVISOR: { domain: 'host', operation: 'run the job', next: 'Something ended gpool\'s process on the host (out of memory, a `pkill` in a job, a person); run the job again when it does not.' },
  E_COMMAND: { domain: 'job', operation: 'run a command', next: 'See the output above.' },
  E_START: { domain: 'job', operation: 'start the job', next: 'The host could not start a process (limits?); try fewer slots.' },
  E_INPUT_CHANGED: { domain: 'job', operation: 'upload an input', next: 'The file changed while it was sent; run again when it is at rest.' },
  E_OUTPUT_MISSING: { domain: 'job', operation: 'fetch the returns', next: 'The job did not write a file it declares; look at its log, or mark the return optional with a trailing ?.' },
  E_OUTPUT_UNSAFE: { domain: 'job', operation: 'fetch the returns', next: 'The host offered a path that gpool will not write; look at that host.' },
  E_STORE_GONE: { domain: 'job', operation: 'read the job\'s records', next: 'The job\'s directory was deleted on the host; run the job again.' },
  E_INPUTS_GONE: { domain: 'job', operation: 'lay out the inputs', next: 'They are sent again; look at who cleans or changes the cache on that host.' },
  E_LOCAL_DISK: { domain: 'job', operation: 'write the results here', next: 'The result stays on its host: put this right, then `gpool resume BATCH` fetches it.' },
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
