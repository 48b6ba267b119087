import type { JobSpec } from '../../src/spec/job-spec.js';
import { makeSpec } from '../helpers/make-specs.js';

/** The jobs that every network must run alike. A network that runs no command plans the same behaviour by their names. */
export const conformanceJobs = {
  exit: (code: number) => makeSpec({ name: `exit ${code}`, commands: [`exit ${code}`] }),
  signal: (number: number) => makeSpec({ name: `signal ${number}`, commands: [`kill -${number} $$`] }),
  tooLong: makeSpec({ name: 'too long', commands: ['sleep 300'], limits: { timeoutSecs: 1 } }),
  sleeper: makeSpec({ name: 'sleeper', commands: ['sleep 300 & sleep 300'] }),
  nap: makeSpec({ name: 'nap', commands: ['sleep 1'] }),
  longNap: makeSpec({ name: 'long nap', commands: ['sleep 2', 'echo awake'] }),
  writer: makeSpec({ name: 'writer', commands: ["printf 'to stdout\\n'", "printf 'to stderr\\n' >&2"] }),
  leaver: makeSpec({ name: 'leaver', commands: ['echo here'], returns: [{ pattern: 'x', optional: true }] }),
  environment: makeSpec({ name: 'environment', commands: ['echo "$COLOUR $GPOOL_HOST $GPOOL_SLOT"'] }),
  returner: makeSpec({
    name: 'returner',
    commands: ['mkdir out', 'echo 1,2 > out/a.csv'],
    returns: [required('out/a.csv'), required('out/b.csv'), { pattern: 'c.csv', optional: true }],
  }),
} as const satisfies Record<string, JobSpec | ((number: number) => JobSpec)>;

function required(pattern: string) {
  return { pattern, optional: false };
}
