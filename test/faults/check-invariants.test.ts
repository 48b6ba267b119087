import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { GpoolEvent } from '../../src/events/event.js';
import type { Outcome } from '../../src/events/outcome.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { writeBatchFile } from '../../src/journal/batch-file.js';
import { formatJournalLine } from '../../src/journal/journal-line.js';
import { parseHosts } from '../../src/spec/inventory/parse-hosts.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { type Teardown, tempDir } from '../helpers/temp-dir.js';
import { checkInvariants } from './harness/check-invariants.js';

/** A batch as it is found afterwards: three jobs on two hosts, one of which lost its power under job 2. */
interface Scene {
  readonly path: string;
  events: GpoolEvent[];
  readonly witness: { readonly a: string[]; readonly b: string[] };
}

const BODY = 'some output\n'.repeat(300);
const DIGEST = createHash('sha256').update(BODY).digest('hex');
const LOST: Outcome = {
  kind: 'lost',
  fault: { domain: 'job', code: 'E_REBOOTED', what: 'rebooted', where: 'b', next: '' },
};

test('a batch in which everything is as promised has no violations', async (t) => {
  t.deepEqual(await judge(await setScene(t)), []);
});

const PLANTS: readonly [string, string, (scene: Scene) => unknown][] = [
  ['a job without a result', 'I1', ({ events }) => events.splice(-1)],
  ['a job that failed', 'I1', ({ events }) => events.splice(-1, 1, failed('3'))],
  ['a job with two results', 'I1', ({ events }) => events.push(done('3', 1))],
  ['a result that its worker knows nothing of', 'I2', ({ witness }) => witness.b.splice(-1)],
  [
    "a result that is not the worker's",
    'I2',
    ({ witness }) => (witness.b[2] = tell('end', '3.1', 'b', 'b2', '0'.repeat(64))),
  ],
  [
    'an attempt called lost on a host that kept its power',
    'I2',
    ({ witness }) => (witness.b[0] = tell('start', '2.1', 'b', 'b2')),
  ],
  ['an attempt that ran twice', 'I3', ({ witness }) => witness.a.push(tell('start', '1.1', 'a', 'a1'))],
  [
    'an attempt that ran on another host',
    'I3',
    ({ witness }) => witness.b.push(tell('start', '1.1', 'b', 'b2')),
  ],
  [
    'an attempt that the journal never launched',
    'I3',
    ({ witness }) => witness.a.push(tell('start', '1.2', 'a', 'a1')),
  ],
  [
    'a job that was tried again although it had finished',
    'I3',
    ({ witness }) =>
      witness.b.splice(0, 1, tell('start', '2.1', 'b', 'b2'), tell('end', '2.1', 'b', 'b2', DIGEST)),
  ],
  [
    'an attempt that was taken back and ran',
    'I3',
    ({ events }) => events.splice(7, 1, ...ended('2', 1, 'b', { kind: 'recalled' }).slice(0, 1)),
  ],
  [
    'a second attempt beside the first',
    'I3',
    ({ events }) =>
      events.splice(
        events.findIndex(({ type }) => type === 'job.requeued'),
        1,
      ),
  ],
  ['a lost event', 'I4', ({ path }) => edit(path, (lines) => lines.splice(3, 1))],
  [
    'a damaged event',
    'I4',
    ({ path }) => edit(path, (lines) => lines.splice(3, 1, String(lines[3]).replace('host', 'hast'))),
  ],
  [
    'an output that was cut short',
    'I5',
    ({ path }) => truncate(join(path, 'jobs/1/1/stdout'), BODY.length - 1),
  ],
  ['a returned file that was cut short', 'I5', ({ path }) => truncate(join(path, 'jobs/2/2/data'), 10)],
  ['a returned file that is missing', 'I5', ({ path }) => rm(join(path, 'jobs/3/1/data'))],
  ['half a file that stayed', 'I5', ({ path }) => writeFile(join(path, 'jobs/3/1/.part-1'), '')],
];

for (const [what, invariant, plant] of PLANTS) {
  test(`the checker sees ${what}`, async (t) => {
    const scene = await setScene(t);
    await plant(scene);
    const violations = await judge(scene);
    t.true(
      violations.some((found) => found.invariant === invariant),
      JSON.stringify(violations),
    );
  });
}

test('a torn last line is no violation', async (t) => {
  const scene = await setScene(t);
  edits.set(scene.path, async (journal) => appendFile(journal, '{"seq":'));
  t.deepEqual(await judge(scene), []);
});

/** What is to be done to a journal once it is written. */
const edits = new Map<string, (journal: string) => Promise<void>>();

function edit(path: string, change: (lines: string[]) => unknown): void {
  edits.set(path, async (journal) => {
    const lines = (await readFile(journal, 'utf8')).split('\n');
    change(lines);
    await writeFile(journal, lines.join('\n'));
  });
}

async function setScene(t: Teardown): Promise<Scene> {
  const path = await tempDir(t);
  for (const place of ['1/1', '2/2', '3/1']) {
    const directory = join(path, 'jobs', place);
    await mkdir(directory, { recursive: true });
    for (const name of ['stdout', 'data']) await writeFile(join(directory, name), BODY);
    await writeFile(join(directory, 'stderr'), `${DIGEST}\n`);
  }
  const ready = (host: string): GpoolEvent => ({
    type: 'host.ready',
    host,
    slots: 2,
    facts: { cores: 2, bash: '5.2', memoryKb: 1, bootId: '', hostname: host, warnings: [] },
  });
  const events: GpoolEvent[] = [
    { type: 'batch.started', batch: 'r', jobs: 3, hosts: ['a', 'b'] },
    ready('a'),
    ready('b'),
    launched('1', 1, 'a'),
    launched('2', 1, 'b'),
    ...ended('1', 1, 'a'),
    ended('2', 1, 'b', LOST)[0],
    { type: 'job.requeued', job: '2', attempt: '2.1', reason: LOST, counted: false },
    launched('2', 2, 'a'),
    launched('3', 1, 'b'),
    ...ended('2', 2, 'a'),
    ...ended('3', 1, 'b'),
  ];
  const ran = (attempt: string, host: string, boot: string) => [
    tell('start', attempt, host, boot),
    tell('end', attempt, host, boot, DIGEST),
  ];
  const witness = {
    a: [...ran('1.1', 'a', 'a1'), ...ran('2.2', 'a', 'a1')],
    b: [tell('start', '2.1', 'b', 'b1'), ...ran('3.1', 'b', 'b2')],
  };
  return { path, events, witness };
}

async function judge({ path, events, witness }: Scene) {
  const directory = new BatchDirectory(path);
  const hosts = parseHosts(['a', 'b']);
  await writeBatchFile(directory, {
    id: 'r',
    name: 'r',
    createdAt: '',
    versions: {},
    hosts,
    options: {},
    specs: makeSpecs(3),
  });
  const at = new Date(0).toISOString();
  const lines = events.map((event, index) => formatJournalLine({ ...event, seq: index + 1, at }));
  const header = formatJournalLine({ gpool: 'journal', version: 1, batch: 'r' });
  await writeFile(directory.journalFile, [header, ...lines].join(''));
  await edits.get(path)?.(directory.journalFile);
  return checkInvariants(path, [
    { host: 'a', bootId: 'a1', lines: witness.a },
    { host: 'b', bootId: 'b2', lines: witness.b },
  ]);
}

function tell(kind: 'start' | 'end', attempt: string, host: string, boot: string, digest = '-'): string {
  return `${kind} r ${attempt.split('.')[0]} ${attempt} ${host} ${boot} ${digest}`;
}

function launched(job: string, n: number, host: string): GpoolEvent {
  return { type: 'job.launched', job, attempt: `${job}.${n}`, host };
}

function done(job: string, n: number): GpoolEvent {
  const collected = { stdoutBytes: 1, stderrBytes: 1, files: [], missing: [], skipped: [] };
  return { type: 'job.done', job, attempt: `${job}.${n}`, collected };
}

function failed(job: string): GpoolEvent {
  return { type: 'job.failed', job, attempt: `${job}.1`, outcome: LOST, fault: null, collected: null };
}

function ended(
  job: string,
  n: number,
  host: string,
  outcome: Outcome = { kind: 'succeeded' },
): [GpoolEvent, GpoolEvent] {
  const usage = { startedAt: 0, wallMs: 1, userMs: 0, systemMs: 0, peakKb: 0 };
  const output = { stdout: true, stderr: true };
  return [
    { type: 'job.ended', attempt: `${job}.${n}`, host, outcome, usage, output, offset: 1 },
    done(job, n),
  ];
}
