/** What one machine's witness file says, and which boot it is in now. */
export interface HostWitness {
  readonly host: string;
  readonly bootId: string;
  readonly lines: readonly string[];
}

/** One line of a witness file: a job that began, or one that came to its end. */
export interface Testimony {
  readonly kind: 'start' | 'end';
  readonly run: string;
  readonly job: string;
  readonly attempt: string;
  /** As the job was told. */
  readonly host: string;
  readonly boot: string;
  /** SHA-256 of what the job printed; empty at the start. */
  readonly digest: string;
}

/**
 * A job that testifies: a line in its host's witness file before all else, some output with its SHA-256 on stderr and again in
 * the file `data`, a line when it is through; it fails when anything in it does. Each line is one write. Every fiftieth job prints 400 kB, the others 4 kB. A line of a full disk may have
 * no end: each begins with one of its own.
 */
export function testifyingJob({ sleep }: { readonly sleep: string }): string {
  return `: {}
set -eo pipefail
read -r boot </proc/sys/kernel/random/boot_id
tell() { printf '\\n%s\\n' "$1 $GPOOL_BATCH $GPOOL_JOB $GPOOL_JOB.$GPOOL_ATTEMPT $GPOOL_HOST $boot $2" >>~/witness; }
tell start -
head -c $((GPOOL_JOB % 50 ? 3000 : 300000)) /dev/urandom | base64 >data
sleep ${sleep}
cat data
digest=$(sha256sum <data)
printf '%s\\n' "\${digest%% *}" >&2
tell end "\${digest%% *}"`;
}

/** Null for a line that no job has written whole: the power went, or the disk was full. */
export function parseTestimony(line: string): Testimony | null {
  const [kind, run, job, attempt, host, boot, digest, ...rest] = line.split(' ');
  if ((kind !== 'start' && kind !== 'end') || rest.length > 0) return null;
  if (!run || !job || !attempt || !host || !boot || !digest) return null;
  return { kind, run, job, attempt, host, boot, digest: digest === '-' ? '' : digest };
}
