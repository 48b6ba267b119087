import { join } from 'node:path';
import type { NetworkEvent } from '../../../src/events/event.js';
import { LocalNetwork, type LocalNetworkOptions } from '../../../src/network/local-network.js';
import type { Attempt, Network } from '../../../src/network/network.js';
import type { JobSpec } from '../../../src/spec/job-spec.js';
import { makeSpec } from '../../helpers/make-specs.js';
import { type Teardown, tempDir } from '../../helpers/temp-dir.js';
import { waitFor } from '../../helpers/wait-for.js';

export type Ended = Extract<NetworkEvent, { type: 'job.ended' }>;

/** A network under test with everything it told. */
export interface Pool {
  readonly network: Network;
  readonly events: readonly NetworkEvent[];
  /** A directory of its own; inputs are looked for in it. */
  readonly directory: string;
  launch(id: string, spec: Partial<JobSpec>, host?: string): Promise<Attempt>;
  ended(attempt: Attempt): Promise<Ended>;
  count(type: NetworkEvent['type']): number;
}

/** This machine as a pool, in a temporary directory; ended and removed with the test. */
export async function localPool(
  t: Teardown,
  options: LocalNetworkOptions & { readonly batch?: string; readonly directory?: string } = {},
): Promise<Pool> {
  const directory = options.directory ?? (await tempDir(t));
  const resultsDir = join(directory, 'root');
  const network = new LocalNetwork({ resultsDir, cwd: directory, slots: 2, ...options });
  return openPool(t, network, directory, options.batch ?? 'b1');
}

export async function openPool(
  t: Teardown,
  network: Network,
  directory: string,
  batch: string,
): Promise<Pool> {
  const events: NetworkEvent[] = [];
  const first = network.getHosts()[0]?.name ?? '';
  network.subscribe((event) => events.push(event));
  t.teardown(() => network.close({ cleanup: true }));
  await network.open({ batch });
  return {
    network,
    events,
    directory,
    async launch(id, spec, host = first) {
      const attempt = makeAttempt(id, spec, host);
      await network.launchJob(attempt);
      return attempt;
    },
    ended: ({ id }) => waitFor(() => findEnded(events, id), { limitMs: 60_000, what: `the end of ${id}` }),
    count: (type) => events.filter((event) => event.type === type).length,
  };
}

export function makeAttempt(id: string, spec: Partial<JobSpec>, host: string): Attempt {
  const [job = '', n = ''] = id.split('.');
  const env = { GPOOL_JOB: job, GPOOL_ATTEMPT: n, ...spec.env };
  return { id, job, n: Number(n), host, spec: makeSpec(spec), env };
}

function findEnded(events: readonly NetworkEvent[], id: string): Ended | undefined {
  return events.find((event): event is Ended => event.type === 'job.ended' && event.attempt === id);
}
