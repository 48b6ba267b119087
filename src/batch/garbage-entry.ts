/** Whose a batch directory on a host is, as the controller noted it there. */
export interface BatchOwner {
  readonly user: string;
  /** The controller's machine. */
  readonly host: string;
  /** The batch's directory on that machine. */
  readonly directory: string;
}

/** One thing of ours on a host, and what became (or, in a dry run, would become) of it. */
export type GarbageEntry =
  | {
      readonly kind: 'batch';
      readonly removed: boolean;
      /** `<host id>/<batch>`. */
      readonly name: string;
      /** Why: over, expired, forced; running, unfinished, ended; where its agent is; or what went wrong. */
      readonly why: string;
      /** Its agent is on another machine than the one that was asked. */
      readonly elsewhere: boolean;
      /** Since anybody touched it, seconds. */
      readonly idleSecs: number;
      readonly owner: BatchOwner | null;
    }
  /** Files that no batch used for their time to live. */
  | { readonly kind: 'cache' | 'helpers'; readonly removed: boolean; readonly files: number }
  /** gpool's directory itself; kept when something that is not ours is in it. */
  | { readonly kind: 'root'; readonly removed: boolean; readonly path: string };

/** Reads what `gjob gc` printed; lines of another form, and a root that was not there, are no entries. */
export function parseGarbage(text: string): GarbageEntry[] {
  return text.split('\n').flatMap((line) => {
    const entry = parseLine(line.slice(0, LONGEST_LINE).split('\t').map(undo));
    return entry === null ? [] : [entry];
  });
}

function parseLine([kind, fate, name = '', ...rest]: readonly string[]): GarbageEntry | null {
  if (fate !== 'removed' && fate !== 'kept') return null;
  const removed = fate === 'removed';
  switch (kind) {
    case 'batch':
      return { kind, removed, name, ...parseBatch(rest) };
    case 'cache':
    case 'helpers':
      return { kind, removed, files: Number.parseInt(name, 10) || 0 };
    case 'root':
      return { kind, removed, path: name };
    default:
      return null;
  }
}

function parseBatch([why = '', idle = '', user = '-', host = '-', directory = '-']: readonly string[]) {
  const owner = directory === '-' ? null : { user, host, directory };
  const elsewhere = why.startsWith(ELSEWHERE);
  return {
    why: elsewhere ? why.slice(ELSEWHERE.length) : why,
    elsewhere,
    idleSecs: Number.parseInt(idle, 10) || 0,
    owner,
  };
}

function undo(field: string): string {
  return field.replace(/\\([\\ntr])/g, (_, char: string) => PLAIN[char] ?? char);
}

const PLAIN: Readonly<Record<string, string>> = { '\\': '\\', n: '\n', t: '\t', r: '\r' };
const ELSEWHERE = 'elsewhere: ';
const LONGEST_LINE = 16 * 1024;
