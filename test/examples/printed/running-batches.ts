import { arrange, printed, type Scene, start } from './scene.js';

const HOLD = arrange('touch ~/hold');
const RELEASE = arrange('rm ~/hold');
const CONTROL = 'gpool run --out runs/a --slf hosts.txt --file sim -- ./sim {} ::: $(seq 100)';
const TRAIN = 'gpool run train.yaml';
const MANY = 'gpool run many.yaml';
const repeat = (name: string, times: number) =>
  `name: ${name}\nhosts: ['1/lab[01-08]']\njobs:\n  - { name: ${name}, command: ./sim, files: [sim], repeat: ${times} }\n`;
const LATEST = 'batches/latest/control.sock';
const held = { err: ['lab03 held'] };

/** What is printed for a batch that runs in another terminal: control.md, hosts.md, and the help of the orders. */
export const RUNNING_BATCHES: Readonly<Record<string, Scene>> = {
  control: {
    files: { 'hosts.txt': 'lab[01-04]\n4/gpu1\n' },
    steps: [
      HOLD,
      start(printed(CONTROL, {}), 'runs/a/control.sock'),
      start(printed('gpool attach runs/a', {}), 'runs/a/control.sock'),
      printed('gpool status runs/a', { out: ['runs/a'] }),
      printed('gpool cap runs/a 20', { err: ['at most 20 jobs'] }),
      printed("gpool pause runs/a 7 '1*'", { err: ['13 jobs were'] }),
      printed('gpool unpause runs/a', { err: ['13 jobs were'] }),
      printed('gpool cancel runs/a 7', { err: ['1 job was'] }),
      printed('gpool cancel runs/a id=3', { err: ['1 job was'] }),
      RELEASE,
      printed('gpool attach runs/a', {
        code: 1,
        out: [/^sim 1$/m, /^sim 100$/m],
        never: ['sim 3\n', 'sim 7\n'],
      }),
      printed(CONTROL, { code: 1, out: [/^sim 1$/m, /^sim 100$/m], never: ['sim 3\n', 'sim 7\n'] }),
    ],
  },
  orders: {
    files: { 'train.yaml': repeat('train', 20) },
    steps: [
      HOLD,
      start(arrange(TRAIN, { code: 1 }), LATEST),
      arrange('until gpool status | grep -q "8 running"; do :; done'),
      printed('gpool why latest 7', { out: ['job 7'] }),
      printed('gpool why latest lab03', { out: ['lab03'] }),
      printed('gpool cap latest 4', { err: ['at most 4 jobs'] }),
      printed('gpool cap latest none', { err: ['no limit'] }),
      printed('gpool pause latest 7', { err: ['1 job was paused'] }),
      printed('gpool pause latest --host lab03', { err: ['1 job was paused'] }),
      printed('gpool pause latest', { err: ['18 jobs were paused'] }),
      printed('gpool unpause latest', { err: ['20 jobs were'] }),
      printed('gpool status latest --all', { out: ['train#20'] }),
      printed("gpool hosts drain latest 'lab[01-04]'", { err: ['draining'] }),
      printed("gpool cancel latest 7 'train*'", { err: ['20 jobs were'] }),
      arrange(TRAIN, { code: 1 }),
      RELEASE,
    ],
  },
  pool: {
    files: { 'many.yaml': repeat('sim', 812) },
    steps: [
      HOLD,
      start(arrange(MANY, { code: 1 }), LATEST),
      arrange('until gpool status | grep -q "8 running"; do :; done'),
      printed('gpool hosts hold latest lab03', held),
      printed('gpool hosts release latest lab03', { err: ['lab03 released'] }),
      printed("gpool hosts hold latest lab03 --reason 'Ann needs it'", held),
      printed('gpool why latest lab03', { out: ['lab03: It is held: Ann needs it.'] }),
      printed('gpool why latest 812', { out: ['job 812 (sim#812): All ', 'lab03 held: Ann needs it'] }),
      printed("gpool hosts drain latest 'lab[05-08]'", { err: ['draining'] }),
      printed('gpool hosts add latest 4/gpu1', { err: ['gpu1 added'] }),
      printed('gpool hosts remove latest lab07 --now', { err: ['lab07 removed'] }),
      printed('gpool cancel latest', { err: ['812 jobs were'] }),
      arrange(MANY, { code: 1 }),
      RELEASE,
    ],
  },
};
