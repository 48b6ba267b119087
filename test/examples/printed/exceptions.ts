const CHECKOUT = 'installs, builds, tests or measures the checkout itself: CI does it';
const EDITOR = 'an editor: the scene edits the file itself';

/** Printed commands that no scene runs, each with its reason. One that is printed nowhere any more fails the test. */
export const EXCEPTIONS: Readonly<Record<string, string>> = {
  'npm ci && npm run demo': CHECKOUT,
  'npm run demo': 'the demo has a test of its own',
  'npm ci && npm test': CHECKOUT,
  'git clone … gpool && cd gpool': 'the address of a clone is not known here',
  'npm run build && npm link': CHECKOUT,
  'npm run test:faults': CHECKOUT,
  'GPOOL_TEST_SSHD=1 npm run test:faults': CHECKOUT,
  'GPOOL_FAULT_SEED=4711 GPOOL_TEST_SSHD=1 npm run test:faults': CHECKOUT,
  'GPOOL_FAULT_FULL=1 GPOOL_TEST_SSHD=1 npm run test:faults': CHECKOUT,
  'GPOOL_SOAK_SECS=600 …': 'a form, not a command',
  'npm run bench': CHECKOUT,
  'npm run bench -- throughput one-job': CHECKOUT,
  'npm run bench -- --runs 3 --scale 0.2': CHECKOUT,
  'npm run bench -- --list': CHECKOUT,
  'npm run bench -- --no-install': CHECKOUT,
  'npm run bench:plots': CHECKOUT,
  'npm run bench:count': CHECKOUT,
  'vi batch.yaml sim': EDITOR,
  'parallel --joblog log ./sim {} ::: *.in': 'another program; the log that it leaves is among the fixtures',
  'gpool hosts remove --now': 'a form: it wants the name of a host',
  'gpool gc --force': 'throws away what others have',
  'echo \'{"ask":"progress"}\' | nc -U -N runs/a/control.sock':
    'needs netcat of OpenBSD; the socket has tests of its own',
};
