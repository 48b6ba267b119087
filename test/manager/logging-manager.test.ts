import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import test from 'ava';
import { escapeControls } from '../../src/manager/log-line.js';
import { LoggingManager, type LoggingManagerOptions } from '../../src/manager/logging-manager.js';
import type { Plan, SimulatedHost } from '../../src/network/simulated/plan.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import type { JobSpec } from '../../src/spec/job-spec.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { makeSpec, makeSpecs } from '../helpers/make-specs.js';
import { tempDir } from '../helpers/temp-dir.js';

async function logOf(
  specs: readonly JobSpec[],
  pool: { readonly hosts: readonly (string | SimulatedHost)[]; readonly plan?: Plan },
  options: LoggingManagerOptions = {},
): Promise<string> {
  const chunks: string[] = [];
  const log = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  const clock = new ManualClock();
  const manager = new LoggingManager({ clock, out: false, log, ...options });
  manager.setup(specs, new SimulatedNetwork({ ...pool, clock }));
  await clock.runUntil(manager.processJobs());
  return chunks.join('');
}

test('the log has LAUNCH, DONE and WAIT lines, and a WAIT line grows by a dot', async (t) => {
  const log = await logOf(makeSpecs(2), { hosts: ['lab01'], plan: () => ({ durationMs: 7000 }) });
  t.is(
    log,
    [
      'LAUNCH lab01/1.1 w/name job-1 as job #0',
      'WAIT ...',
      'DONE lab01/1.1 w/name job-1 as job #0',
      'LAUNCH lab01/2.1 w/name job-2 as job #1',
      'WAIT ...',
      'DONE lab01/2.1 w/name job-2 as job #1',
      '',
    ].join('\n'),
  );
});

test('a failed job has a FAIL line with the reason, one that is tried again an AGAIN line', async (t) => {
  const plan: Plan = () => ({ outcome: { kind: 'failed', code: 3 } });
  const log = await logOf(makeSpecs(1), { hosts: ['a'], plan }, { retries: 1 });
  t.deepEqual(
    log.split('\n').filter((line) => /^(FAIL|AGAIN)/.test(line)),
    ['AGAIN a/1.1 w/name job-1 as job #0: exit code 3', 'FAIL a/1.2 w/name job-1 as job #0: exit code 3'],
  );
});

test('a copy has a COPY line, and an attempt that decided nothing a DROP line', async (t) => {
  const plan: Plan = ({ id, n }) => {
    if (id === '1.1') return { durationMs: 60_000 };
    return n > 1 ? { outcome: { kind: 'failed', code: 3 } } : { durationMs: 5_000 };
  };
  const log = await logOf(makeSpecs(5), { hosts: ['lab01', 'lab02'], plan }, { placement: 'pack' });
  t.regex(log, /^COPY lab02\/1\.2 w\/name job-1 as job #0$/m);
  t.regex(log, /^DROP lab02\/1\.2 w\/name job-1 as job #0: exit code 3$/m);
  t.regex(log, /^DONE lab01\/1\.1 w\/name job-1 as job #0$/m);
});

test('an attempt that is asked back has a RECALL line, and an AGAIN line when it came back', async (t) => {
  const hosts = ['lab01', { name: 'lab02', speed: 0.01 }];
  const log = await logOf(
    makeSpecs(400),
    { hosts, plan: () => ({ durationMs: 10 }) },
    { placement: 'spread' },
  );
  const [, attempt] = /^RECALL lab02\/(\S+) /m.exec(log) ?? [];
  t.truthy(attempt);
  t.true(log.includes(`AGAIN lab02/${attempt} w/name`));
  t.regex(log, /^AGAIN lab02\/.*: recalled$/m);
});

test('a lost host has a line of its own', async (t) => {
  const hosts = [{ name: 'a', outages: [{ atMs: 100, forMs: 100 }] }];
  t.regex(await logOf(makeSpecs(1), { hosts }), /^HOST a lost: the link is down \(E_CONN_LOST\)$/m);
});

test('a name cannot forge a line or steer the terminal', async (t) => {
  const name = 'x\nDONE a/9.1 w/name y as job #8\r\x1b[2J\u202e\u0085';
  const log = await logOf([makeSpec({ name })], { hosts: ['a'] });
  t.is(log.split('\n').length, 3);
  t.notRegex(log.replaceAll('\n', ''), /[\x00-\x1f\x7f-\x9f\u202e]/);
  t.is(escapeControls('a\tb\x07'), 'a\\tb\\u0007');
});

test('the batch directory gets every event as a JSON line, the last one included', async (t) => {
  const out = join(await tempDir(t), 'batch');
  const told: string[] = [];
  const clock = new ManualClock();
  const manager = new LoggingManager({ clock, out });
  manager.subscribe(({ type }) => told.push(type));
  manager.setup(makeSpecs(5), new SimulatedNetwork({ hosts: ['a', 'b'], clock }));
  await clock.runUntil(manager.processJobs());
  const lines = (await readFile(join(out, 'log.jsonl'), 'utf8')).trimEnd().split('\n');
  t.deepEqual(
    lines.map((line) => JSON.parse(line).type),
    told,
  );
  t.is(told.at(-1), 'batch.ended');
  t.is((await stat(join(out, 'log.jsonl'))).mode & 0o777, 0o600);
});

test('a log that cannot be written is reported once and the batch goes on', async (t) => {
  const jsonLog = join(await tempDir(t), 'directory');
  await mkdir(jsonLog);
  const errors: unknown[] = [];
  const log = await logOf(
    makeSpecs(3),
    { hosts: ['a'] },
    { jsonLog, onError: (error) => errors.push(error) },
  );
  t.is(log.match(/^DONE/gm)?.length, 3);
  t.is(errors.length, 1);
});
