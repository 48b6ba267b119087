import { arrange, printed, type Scene } from './scene.js';

const QUICK_HOSTS =
  "# hosts.txt: one host a line, as GNU parallel's sshlogin files\nlab[01-10]\n4/me@gpu1:2222\n";
const TRAINED = ['trained by train.py with 0.1 2', 'trained by train.py with 0.01 8'];

/** README, quickstart, sweeps and the examples, in the order in which one reads them. */
export const FIRST_STEPS: Readonly<Record<string, Scene>> = {
  readme: {
    steps: [
      printed("gpool hosts -S 'lab[01-12]'", { out: [/^lab01 /m, /^lab12 /m], never: ['E_'] }),
      printed("gpool run -S 'lab[01-12]' -- 'echo job {} on $(uname -n)' ::: 1 2 3", {
        out: [/^job 1 on \S+$/m, /^job 2 on \S+$/m, /^job 3 on \S+$/m],
        err: ['3 done'],
      }),
      printed('gpool status', { out: [/3 done/] }),
      printed('gpool logs latest 1', { out: [/^job 1 on \S+\n$/] }),
      printed(
        "gpool run -S 'lab[01-12],4/me@gpu1:2222' --file train --return 'model-*.bin' -- ./train {1} {2} ::: 0.1 0.01 ::: 2 4",
        { out: [/^train 0.1 2$/m, /^train 0.1 4$/m, /^train 0.01 2$/m, /^train 0.01 4$/m], err: ['4 done'] },
      ),
      arrange('cat batches/latest/jobs/*/1/model-*.bin', { out: ['model\nmodel\nmodel\nmodel\n'] }),
    ],
  },
  quickstart: {
    files: { 'hosts.txt': QUICK_HOSTS },
    steps: [
      printed('gpool --version', { out: [/^\d+\.\d+\.\d+\n$/] }),
      printed("gpool run --slf hosts.txt -- 'echo job {} on $(uname -n); nproc' ::: 1 2 3", {
        out: [/^job 1 on \S+\n\d+$/m, /^job 2 on \S+\n\d+$/m, /^job 3 on \S+\n\d+$/m],
      }),
      printed(
        "gpool run --slf hosts.txt --file train.py --return 'model.pt' -- python3 train.py {1} {2} ::: 0.1 0.01 ::: 2 4 8",
        { out: TRAINED, err: ['6 done'] },
      ),
      printed('gpool status', { out: ['6 done'] }),
      printed('gpool logs latest 3', { out: [/^trained by train.py with 0.1 8\n$/] }),
      printed('gpool logs latest 3 --stderr', { out: [/^$/] }),
      printed('ls batches/latest/jobs/3/1', { out: [/^model\.pt$/m, /^stdout$/m] }),
      printed('gpool run --detach --slf hosts.txt --file sim -- ./sim {} ::: $(seq 100)', { err: ['100'] }),
      // It shows what comes from then on: the batch may be over by now.
      printed('gpool attach', { err: ['100 done'] }),
      printed('gpool cancel latest', { err: ['no job to cancel'] }),
    ],
  },
  sweeps: {
    steps: [
      printed(
        "gpool run -S 'lab[01-12]' --file train.py --return 'model-{1}.pt' -- python3 train.py {1} {2} ::: 0.1 0.01 ::: 2 4",
        { out: ['trained by train.py with 0.1 2', 'trained by train.py with 0.01 4'], err: ['4 done'] },
      ),
      printed('gpool run batch.yaml', { out: [/^sim 0.1$/m, /^sim 0.01$/m] }),
    ],
  },
  decisions: {
    steps: [
      printed('gpool run -S host -- true', { err: ['1 job'] }),
      printed('gpool run -S your-host -- uptime', { out: [/^up 7 days$/m] }),
    ],
  },
};
