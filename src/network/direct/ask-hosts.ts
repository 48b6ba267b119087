import { HostError, TransportError } from '../../errors.js';
import { hostId } from '../../spec/host.js';
import type { Attempt, AttemptStatus } from '../network.js';
import { askStatus } from './ask-status.js';
import type { DirectHost } from './direct-host.js';

/** Who is asked. */
export interface AskedHosts {
  readonly hostOf: (attempt: Attempt) => DirectHost;
  /** The machine that answers for a host: another one, or the host itself. */
  readonly answersFor: (host: DirectHost) => DirectHost;
}

type Statuses = ReadonlyMap<string, AttemptStatus>;

/** Asks hosts, or who answers for them, how attempts stand. Of a host that cannot be asked there is no answer. */
export async function askHosts(
  attempts: readonly Attempt[],
  { hostOf, answersFor }: AskedHosts,
): Promise<Statuses> {
  const known = await ask(attempts, (attempt) => answersFor(hostOf(attempt)));
  // Whether a process lives on a host only the host itself can say.
  const doubted = attempts.filter(
    (attempt) => isGone(known.get(attempt.id)) && answersFor(hostOf(attempt)) !== hostOf(attempt),
  );
  if (doubted.length === 0) return known;
  const sure = await ask(doubted, hostOf);
  return new Map([...known, ...doubted.map(({ id }) => [id, sure.get(id) ?? UNKNOWN] as const)]);
}

async function ask(attempts: readonly Attempt[], whom: (attempt: Attempt) => DirectHost): Promise<Statuses> {
  const questions = new Map<DirectHost, Map<string, string[]>>();
  for (const attempt of attempts) {
    const asked = whom(attempt);
    const byHost = questions.get(asked) ?? new Map<string, string[]>();
    questions.set(asked, byHost);
    const id = hostId(attempt.host);
    byHost.set(id, [...(byHost.get(id) ?? []), attempt.id]);
  }
  const answers = await Promise.all([...questions].map(([asked, byHost]) => askQuietly(asked, byHost)));
  return new Map(answers.flatMap((answer) => [...answer]));
}

async function askQuietly(asked: DirectHost, byHost: ReadonlyMap<string, readonly string[]>) {
  try {
    return await askStatus(asked.link.session, byHost);
  } catch (error) {
    if (error instanceof TransportError || error instanceof HostError) return [];
    throw error;
  }
}

function isGone(status: AttemptStatus | undefined): boolean {
  return status?.state === 'unknown' && status.gone === true;
}

const UNKNOWN: AttemptStatus = { state: 'unknown' };
