import { arrange, printed, type Scene } from './scene.js';

const SIMS = [/^sim 1$/m, /^sim 2$/m, /^sim 3$/m];
const detach = (words: string) => arrange(`gpool run --detach ${words} --file sim -- ./sim {} ::: 1 2 3`);

/** Examples of `--help` that start a batch or look at hosts, and the pages on retries and the tail. */
export const HELP_RUNS: Readonly<Record<string, Scene>> = {
  run: {
    steps: [
      printed('gpool run --trc {}.gz -- gzip -k {} ::: *.log', { err: ['2 done'] }),
      arrange('gzip -dc batches/latest/jobs/*/1/*.gz', { out: ['a log\nanother log\n'] }),
      printed("gpool run -S 'lab[01-12]' --file sim -- ./sim {} ::: 1 2 3", { out: SIMS }),
      printed('gpool run -S 4/me@gpu1:2222,: --file sim --trc {.}.out -- ./sim {} ::: *.in', {
        out: [/^sim a.in$/m, /^sim b.in$/m],
      }),
      arrange('cat batches/latest/jobs/*/1/*.out', { out: ['FIRST\nSECOND\n'] }),
      printed('gpool run --slf hosts.yaml --file sim -- ./sim {1} {2} ::: 0.1 0.01 ::: 2 4', {
        out: [/^sim 0.1 2$/m, /^sim 0.01 4$/m],
        err: ['4 done'],
      }),
      printed('seq 100 | gpool run -S lab01 --tag -- echo job {}', {
        out: [/^1\tjob 1$/m, /^100\tjob 100$/m],
        err: ['100 done'],
      }),
      printed('gpool run batch.yaml --dry-run', {
        out: ['./sim 0.1\n', './sim 0.01\n'],
        never: ['sim 0.1\nsim'],
      }),
    ],
  },
  hosts: {
    steps: [
      printed('gpool hosts --slf hosts.yaml --json', { out: [/^[[{]/, '"lab12"', '"gpu1"'] }),
      printed("gpool exec -S 'lab[01-12]' -- uptime", { out: ['lab[01-12]', 'up 7 days'] }),
      printed("gpool exec -S 'lab[01-12]' -- 'nvidia-smi -L | wc -l'", { out: ['lab[01-12]', /^ *1$/m] }),
      printed('gpool exec --slf hosts.yaml -S @gpu -- df -h /scratch', {
        out: [/^\/scratch is half full$/m],
      }),
    ],
  },
  resume: {
    steps: [
      detach('-S lab01'),
      printed('gpool resume', { out: SIMS, err: ['3 done'] }),
      detach('-S lab02 --out runs/a'),
      printed('gpool resume runs/a', { out: SIMS }),
      detach('-S lab03'),
      printed('gpool resume --slf hosts.yaml', { out: SIMS }),
      detach('-S lab04'),
      printed('gpool resume --lost-after 1h', { out: SIMS }),
      arrange('rm -r runs/a'),
      detach('-S lab05 --out runs/a'),
      printed('gpool attach runs/a --tag', { out: [/^1\tsim 1$/m, /^3\tsim 3$/m] }),
      printed('gpool run --lost-after 2h --slf hosts.yaml --file sim -- ./sim ::: a b c', {
        out: [/^sim a$/m, /^sim b$/m, /^sim c$/m],
      }),
      detach('-S lab06'),
      printed('gpool resume --lost-after 10m', { out: SIMS }),
    ],
  },
  retries: {
    steps: [
      printed(
        'gpool run --retries 3 --retry-on 75,signal --never-retry 2 --retry-delay 10s --timeout 2h --signal USR1@60 --halt soon,fail=10% --file fold -- ./fold {} ::: 1 2 3 4',
        { out: [/^fold 1$/m, /^fold 4$/m], err: ['4 done'] },
      ),
      printed(
        `gpool run --timeout 1h --signal USR1@60 --file save --file work -- 'trap "./save; exit 99" USR1; ./work {} & wait' ::: 1 2 3`,
        { out: [/^work 1$/m, /^work 2$/m, /^work 3$/m], err: ['3 done'] },
      ),
    ],
  },
};
