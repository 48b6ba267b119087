import test from 'ava';
import { ERROR_CODES, type ErrorCode, type Fault, type FaultDomain } from '../../src/errors.js';
import type { Outcome } from '../../src/events/outcome.js';
import { coolingMs } from '../../src/manager/cooling-hosts.js';
import { HostEvidence, isHostFault } from '../../src/manager/host-evidence.js';
import { compareSpeed, sampleOf } from '../../src/manager/slow-hosts.js';

const fault = (code: ErrorCode, domain: FaultDomain = ERROR_CODES[code].domain): Fault => ({
  code,
  domain,
  what: 'it broke',
  where: 'a',
  next: 'Wait.',
});
const EXIT_1: Outcome = { kind: 'failed', code: 1 };
const SUCCESS: Outcome = { kind: 'succeeded' };
const NOBODY = { succeeded: 0, failed: 0 };
const never = (): boolean => false;

function fail(evidence: HostEvidence, count: number, wallMs = 100): void {
  for (let job = 1; job <= count; job += 1) {
    const id = String(job);
    evidence.addEnd({ job: id, attempt: `${id}.1`, outcome: EXIT_1, wallMs }, NOBODY);
  }
}

test('three faults in a row are too many, unless they are more than ten minutes apart', (t) => {
  const evidence = new HostEvidence();
  evidence.addFault(fault('E_CONN_LOST'), 0);
  evidence.addFault(fault('E_REMOTE_DISK'), 60_000);
  t.is(evidence.tooManyFaults(), null);
  evidence.addFault(fault('E_REMOTE_DISK'), 620_000);
  t.is(evidence.tooManyFaults(), null, 'the first is forgotten');
  evidence.addFault(fault('E_CONN_LOST'), 621_000);
  t.is(evidence.tooManyFaults()?.code, 'E_CONN_LOST');
});

test('an attempt that runs to its end, well or not, ends the row of faults', (t) => {
  for (const outcome of [SUCCESS, EXIT_1]) {
    const evidence = new HostEvidence();
    for (const at of [0, 1, 2]) evidence.addFault(fault('E_CONN_LOST'), at);
    evidence.addEnd({ job: '1', attempt: '1.1', outcome, wallMs: 5 }, NOBODY);
    t.is(evidence.tooManyFaults(), null);
  }
});

test('what is blamed on a host: itself and the link, not reboots, removals, jobs and specs', (t) => {
  const blamed: ErrorCode[] = [
    'E_REMOTE_DISK',
    'E_SUPERVISOR',
    'E_CONN_LOST',
    'E_DEADLINE',
    'E_START',
    'E_STORE_GONE',
  ];
  const spared: ErrorCode[] = [
    'E_REBOOTED',
    'E_HOST_REMOVED',
    'E_HOST_UNKNOWN',
    'E_INPUT_CHANGED',
    'E_SPEC',
    'E_OUTPUT_MISSING',
  ];
  t.deepEqual(
    blamed.filter((code) => !isHostFault(fault(code))),
    [],
  );
  t.deepEqual(
    spared.filter((code) => isHostFault(fault(code))),
    [],
  );
});

test('three quick failures that pass elsewhere are the host’s', (t) => {
  const evidence = new HostEvidence();
  fail(evidence, 4);
  t.is(
    evidence.suspicion((job) => Number(job) <= 2, NOBODY),
    null,
  );
  const why = evidence.suspicion((job) => Number(job) <= 3, NOBODY);
  t.is(why, '4 jobs in a row failed here within 10 s, and 3 of them succeeded elsewhere');
  const flaky = { succeeded: 80, failed: 20 };
  t.is(
    evidence.suspicion(() => true, flaky),
    null,
    'they fail now and then everywhere',
  );
});

test('five in a row are the host’s when at least five jobs and nine in ten succeed elsewhere', (t) => {
  const evidence = new HostEvidence();
  fail(evidence, 5);
  t.is(evidence.suspicion(never, { succeeded: 4, failed: 0 }), null);
  t.truthy(evidence.suspicion(never, { succeeded: 5, failed: 0 }));
  t.is(evidence.suspicion(never, { succeeded: 8, failed: 1 }), null);
  t.truthy(evidence.suspicion(never, { succeeded: 9, failed: 1 }));
  const shorter = new HostEvidence();
  fail(shorter, 4);
  t.is(shorter.suspicion(never, { succeeded: 100, failed: 0 }), null);
});

test('a success, and a failure after more than ten seconds or an unknown time, end the row', (t) => {
  for (const end of [
    { outcome: SUCCESS, wallMs: 5 },
    { outcome: EXIT_1, wallMs: 10_000 },
    { outcome: EXIT_1, wallMs: 0 },
    { outcome: { kind: 'timed-out' } as const, wallMs: 5 },
  ]) {
    const evidence = new HostEvidence();
    fail(evidence, 9);
    evidence.addEnd({ job: '99', attempt: '99.1', ...end }, NOBODY);
    t.deepEqual(evidence.quickFailures, []);
    t.is(
      evidence.suspicion(() => true, { succeeded: 100, failed: 0 }),
      null,
    );
  }
});

test('a host is set aside for half a minute, then twice as long each time, half an hour at most, a fifth by chance', (t) => {
  t.is(coolingMs(0, 0), 30_000);
  t.is(coolingMs(0, 1), 36_000);
  t.is(coolingMs(3, 0), 240_000);
  t.is(coolingMs(40, 0), 1_800_000);
  t.is(coolingMs(40, 1), 2_160_000);
});

test('the speed of a host is its median over that of the others, told from five jobs on either side', (t) => {
  t.is(compareSpeed(sampleOf([3000, 3000, 3000, 3000, 9000]), sampleOf([2000, 2000, 2000, 100, 5000])), 1.5);
  t.is(compareSpeed(sampleOf([3000, 3000, 3000, 3000]), sampleOf([1000, 1000, 1000, 1000, 1000])), null);
  t.is(compareSpeed(sampleOf([3000, 3000, 3000, 3000, 3000]), sampleOf([1000])), null);
  t.is(
    compareSpeed(sampleOf([60, 60, 60, 60, 60]), sampleOf([10, 10, 10, 10, 10])),
    1,
    'less than a tenth of a second is none',
  );
});
