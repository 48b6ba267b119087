/** What a line of another program's host list is, and how its hosts are given here. */
export interface ForeignLine {
  readonly what: string;
  readonly next: string;
}

/** The same in our own form, where another program's line means nothing else: `lab01 slots=4` of MPI is `4/lab01`. */
export function translateLine(line: string): string {
  const [, host, slots] = /^(\S+)\s+slots\s*=\s*(\d+)$/i.exec(line) ?? [];
  return host !== undefined && /^[^/=,[\]]+$/.test(host) ? `${slots}/${host}` : line;
}

/** Recognizes a line that would be read as something it is not, or be refused for a reason that tells nothing. */
export function findForeign(line: string): ForeignLine | null {
  const found = FORMS.find(({ form }) => form.test(line));
  return found ? { what: `is a line of ${found.name}`, next: `${found.next} ${OURS}` } : null;
}

const OURS = 'One host a line is [slots/][user@]name[:port], or write a YAML inventory.';
const WITH_ANSIBLE = '`ansible all --list-hosts -i FILE` prints the hosts; groups go into a YAML inventory.';
const COLUMNS =
  'host|hosts|hostname|name|node|nodename|ip|address|fqdn|slots|cores|cpus|user|port|group|memory|gpus';

const FORMS: readonly { readonly form: RegExp; readonly name: string; readonly next: string }[] = [
  { form: /^\[[^\],:-]*(?::(?:children|vars))?\]$/, name: 'an INI file (Ansible)', next: WITH_ANSIBLE },
  {
    form: /\sansible_\w+\s*=|^\S+\[[^\]]*\d+:\d+[^\]]*\]\S*$/,
    name: 'an Ansible inventory',
    next: WITH_ANSIBLE,
  },
  {
    form: /^(?:all|children|hosts|vars|ungrouped):$/,
    name: 'a YAML inventory',
    next: 'Name the file *.yaml.',
  },
  {
    form: /^(?:NodeName|NodeList|SLURM_\w+)\s*=/i,
    name: 'Slurm',
    next: 'The list itself is read: lab[01-12].',
  },
  {
    form: /\smax[-_]slots\s*=|\sslots\s*=/i,
    name: 'an MPI hostfile',
    next: 'Write `lab01 slots=4` or 4/lab01.',
  },
  {
    form: /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]*:[\da-f:]+)\s+\S/i,
    name: '/etc/hosts',
    next: 'Write names alone.',
  },
  {
    form: /^Host\s+\S/,
    name: 'ssh_config',
    next: 'gpool reads ~/.ssh/config by itself: write the names alone.',
  },
  {
    form: new RegExp(`^"?(?:${COLUMNS})"?[,;\\t]|[,;\\t]"?(?:${COLUMNS})"?$`, 'i'),
    name: 'CSV with a header',
    next: 'Keep the column of names alone: cut -d, -f1 FILE | tail -n +2.',
  },
  {
    form: /(?:^|,)\s*\d+\s*(?:,|$)/,
    name: 'CSV: a number is no host',
    next: 'Slots go before a name: 4/lab01.',
  },
  { form: /^(?:-\s|[{}"'])/, name: 'YAML or JSON', next: 'Name the file *.yaml.' },
  {
    form: /^\S+\s+\w[\w-]*=\S*/,
    name: 'pdsh (genders) or another list with attributes',
    next: 'Leave them out.',
  },
];
