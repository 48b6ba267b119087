import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBatchDirectory } from '../../src/journal/batch-directory.js';
import { openBatchStore } from '../../src/journal/batch-store.js';
import { type JournalFile, openJournalFile } from '../../src/journal/journal-file.js';
import { Manager } from '../../src/manager/manager.js';
import type { Attempt } from '../../src/network/network.js';
import { seededRandom } from '../../src/random.js';
import { Builder } from '../../src/spec/builder.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { CountingNetwork } from './counting-network.js';

/** What the Manager asks of hosts and disk. On a manual clock: the same every time, on every machine. */
export interface ManagerCounts {
  /** Requests that need an answer; those of one moment to one host travel together and count once. */
  readonly roundTrips: number;
  readonly journalWrites: number;
  readonly journalSyncs: number;
}

const JOBS = 200;

/** 0.5 to 1.5 s, a few at once; every tenth leaves a line. */
function planAttempt({ job }: Attempt) {
  const stdout = Number(job) % 10 === 0 ? `${job}\n` : '';
  return { durationMs: 500 + ((Number(job) * 37) % 11) * 100, stdout };
}

/** Runs 200 jobs on 4 simulated hosts of 2 slots, with a real journal, and counts. */
export async function countManager(): Promise<ManagerCounts> {
  const parent = await mkdtemp(join(tmpdir(), 'gpool-count-'));
  try {
    return await countIn(join(parent, 'batch'));
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

async function countIn(out: string): Promise<ManagerCounts> {
  const clock = new ManualClock();
  const counts = { writes: 0, syncs: 0 };
  const openFile = async (path: string, bytes: number) =>
    countCalls(await openJournalFile(path, bytes), counts);
  const directory = await createBatchDirectory({ name: 'count', now: clock.now(), out });
  const store = await openBatchStore(directory, { clock, openFile });
  const hosts = ['h1', 'h2', 'h3', 'h4'].map((name) => ({ name, slots: 2 }));
  const network = new CountingNetwork({ hosts, clock, plan: planAttempt });
  const manager = new Manager({ clock, store, random: seededRandom(1) });
  const specs = new Builder()
    .setRepeat(JOBS)
    .addJob({ commands: ['true'], name: 'job' })
    .makeJobSpecs();
  manager.setup(specs, network);
  const summary = await clock.runUntil(manager.processJobs());
  if (summary.counts.done !== JOBS) throw new Error(`${summary.counts.done} of ${JOBS} jobs are done`);
  return { roundTrips: network.roundTrips, journalWrites: counts.writes, journalSyncs: counts.syncs };
}

function countCalls(file: JournalFile, counts: { writes: number; syncs: number }): JournalFile {
  return {
    ...file,
    write: (text) => {
      counts.writes += 1;
      return file.write(text);
    },
    sync: () => {
      counts.syncs += 1;
      return file.sync();
    },
  };
}
