/** Many names in few words, for people: `lab01`, `lab02`, `lab04`, `gpu` become `gpu,lab[01-02,04]`. Each once. */
export function foldHosts(names: readonly string[]): string {
  const families = new Map<string, Family>();
  for (const name of new Set(names)) {
    const [, head = name, number, tail = ''] = LAST_NUMBER.exec(name) ?? [];
    const family = families.get(`${head}\0${tail}`) ?? { head, tail, numbers: [] };
    if (number !== undefined) family.numbers.push(number);
    families.set(`${head}\0${tail}`, family);
  }
  return [...families.values()].map(foldFamily).sort().join(',');
}

/** Names that differ in one number. */
interface Family {
  readonly head: string;
  readonly tail: string;
  readonly numbers: string[];
}

function foldFamily({ head, tail, numbers }: Family): string {
  const [only = '', ...others] = numbers;
  return others.length === 0 ? `${head}${only}${tail}` : `${head}[${foldNumbers(numbers)}]${tail}`;
}

function foldNumbers(numbers: readonly string[]): string {
  const sorted = [...numbers].sort((a, b) => Number(a) - Number(b) || a.length - b.length);
  const runs: { from: string; to: string }[] = [];
  for (const number of sorted) {
    const run = runs.at(-1);
    if (run && number === follower(run.from, run.to)) run.to = number;
    else runs.push({ from: number, to: number });
  }
  return runs.map(({ from, to }) => (from === to ? from : `${from}-${to}`)).join(',');
}

/** What comes after `to` in a range that begins with `from`, as `expandRanges` would write it. */
function follower(from: string, to: string): string {
  return String(Number(to) + 1).padStart(from.startsWith('0') ? from.length : 1, '0');
}

/** The last number in the first label of a host name; never in an IPv6 address. */
const LAST_NUMBER = /^((?:.*@)?[^.:[\]]*?)(\d{1,15})([^\d.:[\]]*(?:[.:][^[\]]*)?)$/;
