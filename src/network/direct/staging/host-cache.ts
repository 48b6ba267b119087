import type PQueue from 'p-queue';
import { HostError, TransportError } from '../../../errors.js';
import { Later } from '../later.js';
import { remoteFault } from '../remote-fault.js';
import { runVerb, type Session } from '../session.js';
import { sendBlob } from './blob-upload.js';
import type { Blob, FileEntry, InputTree } from './layout.js';
import { chooseSeed, sendSeed } from './seed.js';

/**
 * What lies in one host's cache, as far as this controller knows. Trees asked for while a round is under way wait for
 * the next, so each blob is sent once, however many jobs want it at the same time.
 */
export class HostCache {
  readonly #planted = new Set<string>();
  readonly #asked = new Map<string, Asked>();
  #running = false;

  /** @param transfers bounds how many files move at once to all hosts together. */
  constructor(
    readonly session: () => Session,
    readonly transfers: PQueue,
  ) {}

  /**
   * Sees to it that the host has this tree; sends only what is missing there.
   *
   * @throws JobError E_INPUT_CHANGED; HostError E_REMOTE_DISK, E_REMOTE_INODES; TransportError E_TRANSFER and others.
   */
  async plant(tree: InputTree): Promise<void> {
    if (this.#planted.has(tree.name)) return;
    const asked = this.#asked.get(tree.name) ?? { tree, planted: new Later() };
    this.#asked.set(tree.name, asked);
    if (!this.#running) void this.#runRounds();
    await asked.planted.promise;
  }

  /** The cache there is not what we thought: asks anew from now on. */
  forget(): void {
    this.#planted.clear();
  }

  async #runRounds(): Promise<void> {
    this.#running = true;
    await Promise.resolve(); // all requests of this turn go into one round
    while (this.#asked.size > 0) {
      const round = [...this.#asked.values()].slice(0, MAX_TREES);
      await this.#repeat(round).catch((error: unknown) => {
        for (const { planted } of round) planted.fail(error);
      });
      for (const { tree } of round) this.#asked.delete(tree.name);
    }
    this.#running = false;
  }

  /** A host with the same home may take something away between two steps: what is missing then is sent again. */
  async #repeat(round: readonly Asked[]): Promise<void> {
    for (let left = TRIES; ; left -= 1) {
      try {
        return await this.#round(round);
      } catch (error) {
        if (left === 1 || !(error instanceof HostError && error.code === 'E_PROTOCOL')) throw error;
      }
    }
  }

  async #round(round: readonly Asked[]): Promise<void> {
    const session = this.session();
    const seeds = new Map(round.map(({ tree }) => [tree, session.hasTar ? chooseSeed(tree) : []]));
    const blobs = new Map(
      round.flatMap(({ tree }) => blobsBeside(tree, seeds.get(tree)).map((blob) => [blob.sha256, blob])),
    );
    const missing = await findMissing(session, [
      ...round.map(({ tree }) => `tree-${tree.name}`),
      ...blobs.keys(),
    ]);
    const wanted = round.filter(({ tree }) => missing.has(`tree-${tree.name}`));
    const unseeded = await this.#seed(session, wanted, seeds);
    const needed = new Set(
      wanted.flatMap(({ tree }) => blobsBeside(tree, seeds.get(tree)).map(({ sha256 }) => sha256)),
    );
    const sending = [...blobs.values()].filter(({ sha256 }) => needed.has(sha256) && missing.has(sha256));
    const faults = await this.#send(session, sending);
    const whole = wanted.filter((asked) => {
      const { tree, planted } = asked;
      const fault =
        unseeded.get(asked) ??
        tree.files.map(({ blob }) => faults.get(blob.sha256)).find((found) => found !== undefined);
      if (fault !== undefined) planted.fail(fault);
      return fault === undefined;
    });
    await plantTrees(session, whole, seeds);
    for (const { tree, planted } of round.filter(
      (asked) => !wanted.includes(asked) || whole.includes(asked),
    )) {
      this.#planted.add(tree.name);
      planted.tell();
    }
  }

  /** Sends the small files of each tree that has many; answers the faults. */
  async #seed(session: Session, wanted: readonly Asked[], seeds: Seeds) {
    const unseeded = new Map<Asked, unknown>();
    for (const asked of wanted) {
      const seed = seeds.get(asked.tree) ?? [];
      if (seed.length === 0) continue;
      const sending = this.transfers.add(() => sendSeed(session, asked.tree, seed));
      await sending.catch((error: unknown) => unseeded.set(asked, error));
    }
    return unseeded;
  }

  /** Sends blobs, a few at a time; answers the faults by digest. */
  async #send(session: Session, blobs: readonly Blob[]): Promise<Map<string, unknown>> {
    const faults = new Map<string, unknown>();
    const lanes = Array.from({ length: TRANSFERS_A_HOST }, (_, lane) => async () => {
      for (let at = lane; at < blobs.length; at += TRANSFERS_A_HOST) {
        const blob = blobs[at];
        if (!blob) continue;
        await this.transfers
          .add(() => sendBlob(session, blob))
          .catch((error: unknown) => faults.set(blob.sha256, error));
      }
    });
    await Promise.all(lanes.map((lane) => lane()));
    if (blobs.length === 0) return faults;
    for (const [sha256, why] of await admit(session, blobs)) {
      const cause = new TransportError('E_TRANSFER', {
        what: `an input did not arrive whole: ${why}`,
        where: session.shell.where,
      });
      if (!faults.has(sha256))
        faults.set(sha256, await remoteFault(session.shell, session.paths.root, cause));
    }
    return faults;
  }
}

/** The files of each tree that go in one stream. */
type Seeds = ReadonlyMap<InputTree, readonly FileEntry[]>;

/** A tree that somebody waits for. */
interface Asked {
  readonly tree: InputTree;
  readonly planted: Later;
}

/** The contents that do not come with the seed. */
function blobsBeside({ blobs, files }: InputTree, seed: readonly FileEntry[] = []): readonly Blob[] {
  if (seed.length === 0) return blobs;
  const sent = new Set(seed);
  return files.filter((file) => !sent.has(file)).map(({ blob }) => blob);
}

async function findMissing(session: Session, names: readonly string[]): Promise<Set<string>> {
  const { stdout } = await runVerb(session, 'missing', [], { input: `${names.join('\n')}\n` });
  return new Set(stdout.toString('latin1').split('\n').filter(Boolean));
}

/** Has the host check what was sent and take it into its cache; answers what it refused, and why. */
async function admit(session: Session, blobs: readonly Blob[]): Promise<[string, string][]> {
  const input = blobs.map(({ sha256, size }) => `${sha256}\t${sha256}\t${size}\n`).join('');
  const { stdout } = await runVerb(session, 'admit', [session.paths.partPrefix], {
    input,
    deadlineMs: LONG_MS,
  });
  const answers = readAnswers(stdout);
  return blobs.flatMap(({ sha256 }): [string, string][] => {
    const answer = answers.get(sha256) ?? 'no answer';
    return answer === 'ok' ? [] : [[sha256, answer]];
  });
}

/** What a seed brought its layout with it. */
async function plantTrees(session: Session, round: readonly Asked[], seeds: Seeds): Promise<void> {
  if (round.length === 0) return;
  const large = new Set(round.flatMap(({ tree }) => tree.blobs.filter(isLarge)).map(({ sha256 }) => sha256));
  const input = [
    ...Array.from(large, (sha256) => `large\t${sha256}\n`),
    ...round.map(({ tree }) => `${seeds.get(tree)?.length ? '' : tree.layout}plant\t${tree.name}\n`),
  ].join('');
  const { stdout } = await runVerb(session, 'plant', [session.paths.partPrefix], {
    input,
    deadlineMs: LONG_MS,
  });
  const answers = readAnswers(stdout);
  const bad = round.find(({ tree }) => answers.get(tree.name) !== 'ok');
  if (!bad) return;
  const why = answers.get(bad.tree.name) ?? 'no answer';
  const refusal = new HostError('E_PROTOCOL', {
    what: `the inputs could not be laid out: ${why}`,
    where: session.shell.where,
  });
  throw await remoteFault(session.shell, session.paths.root, refusal);
}

/** Not to be copied for each tree: a hard link costs the host two processes more than a small file's copy. */
function isLarge({ size }: Blob): boolean {
  return size > LARGE_BYTES;
}

/** Lines `ok SHA` and `bad SHA WHY`, by digest. */
function readAnswers(stdout: Buffer): Map<string, string> {
  const lines = stdout
    .toString('utf8')
    .split('\n')
    .map((line) => line.split(/[ \t]/));
  return new Map(
    lines.map(([word = '', sha256 = '', ...why]) => [sha256, word === 'ok' ? 'ok' : why.join(' ')]),
  );
}

const TRIES = 3;
const MAX_TREES = 500;
const LARGE_BYTES = 64 * 1024;
const TRANSFERS_A_HOST = 4;
const LONG_MS = 600_000;
