/** The host names that docs and help use. */
export const HOSTS: readonly string[] = [
  ...Array.from({ length: 12 }, (_, index) => `lab${String(index + 1).padStart(2, '0')}`),
  'gpu1',
  'host',
  'your-host',
];

/** Programs that stand in for those that a host may not have, or whose answer differs from machine to machine. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  python3: '#!/bin/bash\necho "trained by $1 with $2 $3"\necho model | tee model.pt > "model-$2.pt"\n',
  uptime: '#!/bin/bash\necho "up 7 days"\n',
  'nvidia-smi': '#!/bin/bash\n[[ $* == -L ]] && echo "GPU 0: a stand-in"\n',
  df: '#!/bin/bash\n[[ $* != "-h /scratch" ]] || exec echo "/scratch is half full"\nexec /bin/df "$@"\n',
};

/** Waits as long as `~/hold` is there, so that a batch can be looked at and steered while it runs. */
const HOLD = 'while [[ -e $HOME/../../hold ]]; do sleep 0.3; done';

/** The files that commands name. They lie in the working directory of every scene. */
export const FILES: Readonly<Record<string, string>> = {
  sim: `#!/bin/bash
${HOLD}
echo "sim $*"
for input; do [[ $input != *.in ]] || tr a-z A-Z < "$input" > "\${input%.in}.out"; done
`,
  flaky: `#!/bin/bash
${HOLD}
if ((GPOOL_ATTEMPT == 1)) && [[ $1 == 0.1 ]]; then exit 137; fi
if ((GPOOL_ATTEMPT == 1)) && [[ $1 == 0.01 ]]; then exit 3; fi
echo "flaky $1"
`,
  fold: '#!/bin/bash\necho "fold $1"\n',
  work: '#!/bin/bash\necho "work $1"\n',
  save: '#!/bin/bash\necho saved\n',
  train: '#!/bin/bash\necho "train $1 $2"\necho "train $1 $2" >&2\necho model > "model-$1-$2.bin"\n',
  'train.py': 'print("the stand-in of python does not read this")\n',
  'a.in': 'first\n',
  'b.in': 'second\n',
  'a.log': 'a log\n',
  'b.log': 'another log\n',
  'hosts.yaml': 'hosts:\n  - lab[01-12]\n  - name: gpu1\n    labels: [gpu]\n',
  'batch.yaml': 'name: sim\nhosts: [lab01]\nsweep: { lr: [0.1, 0.01] }\ncommand: ./sim {lr}\nfiles: [sim]\n',
  /** What GNU parallel leaves behind when it was stopped after the first of two jobs. */
  log: 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n1\t:\t1772000000.000\t     1.000\t0\t0\t0\t0\t./sim a.in\n',
};
