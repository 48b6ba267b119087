import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { HostError, JobError } from '../../src/errors.js';
import type { Outcome } from '../../src/events/outcome.js';
import { MOST_LIMIT_SECS, parseTimeLimit } from '../../src/spec/time-limit.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { packageRoot } from '../helpers/package-root.js';
import { eventsOf, simulate } from '../helpers/simulate.js';

const REFUSED = new JobError('E_START', { what: 'the job was not started: no', where: 'a' });
const FULL = new HostError('E_REMOTE_DISK', { what: 'the disk is full', where: 'a' });
const lost = (error: HostError | JobError): Outcome => ({ kind: 'lost', fault: error.toFault() });
const NEVER = [
  { title: 'as news', plan: { durationMs: 0, starts: false, outcome: lost(REFUSED) } },
  { title: 'for want of room, as news', plan: { durationMs: 0, starts: false, outcome: lost(FULL) } },
];

for (const { title, plan } of NEVER)
  test(`a batch whose only host refuses every start ${title} ends after ten minutes for want of a host`, async (t) => {
    const { events, run } = simulate(makeSpecs(1), { hosts: [{ name: 'a', slots: 2 }], plan: () => plan });
    const { kind } = await run();
    t.is(kind, 'no-host');
    const launches = eventsOf(events, 'job.launched').length;
    t.true(launches > 5 && launches < 25, `${launches} launches`);
    t.regex(eventsOf(events, 'host.failed')[0]?.fault.what ?? '', /no host has started a job for 10 minutes/);
  });

test('the longest time limit is the same here and on the hosts, and a longer one is refused before the start', async (t) => {
  const helper = await readFile(join(packageRoot(), 'bin/gjob'), 'utf8');
  const [, digits] = /is_count\(\) \{\n.*\$\{#1\} -le (\d+) \]\]/.exec(helper) ?? [];
  t.is(MOST_LIMIT_SECS, 10 ** Number(digits) - 1);
  t.deepEqual(parseTimeLimit(String(MOST_LIMIT_SECS)), { timeoutSecs: MOST_LIMIT_SECS });
  for (const text of ['9999999999', '1000000000', '20000d'])
    t.throws(() => parseTimeLimit(text), { message: /longer than 999999999 seconds/ });
});
