import { arrange, printed, type Scene } from './scene.js';

const FLAKY = 'flaky.yaml';
const FLAKY_YAML =
  'name: sim\nhosts: [lab07]\nsweep: { lr: [0.1, 0.01, 0.001, 0.2] }\ncommand: ./flaky {lr}\nfiles: [flaky]\n';
const flaky = (value: string) => new RegExp(`^flaky ${value}$`, 'm');
const BATCH = 'gpool run --out runs/a batch.yaml';

/** What is printed for batches that have ended, or were left: rerun.md, and the help of the verbs that look at them. */
export const ENDED_BATCHES: Readonly<Record<string, Scene>> = {
  rerun: {
    files: { 'flaky.yaml': FLAKY_YAML },
    steps: [
      arrange(`gpool run ${FLAKY}`, {
        code: 1,
        out: [flaky('0.001')],
        never: ['flaky 0.1\n', 'flaky 0.01\n'],
      }),
      printed('gpool rerun', { out: [flaky('0.1'), flaky('0.01')], never: ['flaky 0.001'] }),
      arrange(`gpool run ${FLAKY}`, { code: 1 }),
      printed('gpool rerun --failed', { out: [flaky('0.1'), flaky('0.01')], never: ['flaky 0.001'] }),
      printed('gpool rerun --all', { out: ['0.1', '0.01', '0.001', '0.2'].map(flaky) }),
      arrange('touch ~/hold'),
      arrange(`gpool run --detach --out runs/a ${FLAKY}`),
      arrange('gpool cancel runs/a 4'),
      arrange('rm ~/hold'),
      arrange('gpool resume runs/a', { code: 1 }),
      printed('gpool rerun runs/a --all --dry-run', { out: [/^4\tlr=0.2\tfailed before: cancelled/m] }),
      printed('gpool rerun runs/a --job 3 --dry-run', { out: [/^3\tlr=0.001\tdone before\t.*\n$/] }),
      printed('gpool rerun runs/a --all --where lr=0.1 --dry-run', { out: [/^1\tlr=0.1\t.*\n$/] }),
      printed('gpool rerun runs/a --out runs/b', { code: 1, err: ['3 jobs again'] }),
      printed('gpool rerun runs/a --unfinished', { code: 1, out: [/^flaky 0.2\n$/] }),
      printed('gpool rerun runs/a --exit 137', { code: 1, out: [/^flaky 0.1\n$/] }),
      printed('gpool rerun runs/a --all --where lr=0.1', { code: 1, out: [/^flaky 0.1\n$/] }),
      printed('gpool rerun runs/a --all --host lab07', { out: ['0.1', '0.01', '0.001', '0.2'].map(flaky) }),
    ],
  },
  edit: {
    steps: [
      printed(BATCH, { out: [/^sim 0.1$/m, /^sim 0.01$/m] }),
      arrange("sed -i 's/echo .sim/&ulated/' sim; sed -i 's/0.01/0.01, 0.001/' batch.yaml"),
      printed(BATCH, {
        out: [/^simulated 0.1$/m, /^simulated 0.01$/m, /^simulated 0.001$/m],
        err: ['2 changed (inputs: sim), 1 new'],
      }),
    ],
  },
  joblog: {
    steps: [
      printed(
        "gpool run --joblog log --resume -S 'lab[01-12]' --file sim --trc {.}.out -- ./sim {} ::: *.in",
        { out: [/^sim b.in\n$/] },
      ),
      arrange('cut -f 1,7,9 log', { out: ['1\t0\t./sim a.in', '2\t0\t./sim b.in'] }),
    ],
  },
  salvage: {
    steps: [
      arrange('gpool run --out runs/a batch.yaml'),
      arrange("sed -i '3s/./X/' runs/a/journal.jsonl"),
      printed('gpool resume runs/a --salvage', { err: ['journal-damaged-1.jsonl'] }),
      arrange('gpool run batch.yaml'),
      arrange("sed -i '3s/./X/' batches/latest/journal.jsonl"),
      printed('gpool status --salvage', { out: ['2 done'], err: ['journal-damaged-1.jsonl'] }),
    ],
  },
  looks: {
    files: {
      'train.yaml':
        'name: train\nhosts: [lab03]\njobs:\n  - { name: train, command: ./train $GPOOL_REPEAT, files: [train], repeat: 7 }\n',
    },
    steps: [
      arrange('gpool run --out runs/a train.yaml'),
      arrange('gpool run train.yaml'),
      printed('gpool status runs/a --json', { out: [/^\{/, /"done": ?7/] }),
      printed('gpool status --json', { out: [/^\{/, /"done": ?7/] }),
      printed('gpool why runs/a 7 --json', { out: [/^\{/, '"done"'] }),
      printed('gpool logs latest 7', { out: ['train 7'] }),
      printed('gpool logs latest 7 --stderr', { out: ['train 7'] }),
      printed('gpool logs runs/a train#2 -f', { out: ['train 2'] }),
      printed('gpool cancel runs/a --host lab03', { err: ['no job to cancel'] }),
      printed('gpool gc runs/a', { out: ['lab03'] }),
      printed('gpool gc latest', { out: ['lab03'] }),
      printed("gpool gc -n -S 'lab[01-12]'", { out: ['lab01', 'lab12'] }),
      printed('gpool gc --all --slf hosts.yaml', { out: ['lab01', 'gpu1'] }),
      arrange('ls -d ~/hosts/lab01/.gjob', { code: 2 }),
      arrange('mkdir -p examples/yaml-batch && cp ~/../opt/batch.yaml examples/yaml-batch/'),
      printed('gpool run examples/yaml-batch/batch.yaml', { out: [/^ada$/m, /^edsger$/m], err: ['6 done'] }),
    ],
  },
};
