import { StateError } from '../errors.js';
import type { BatchDirectory } from '../journal/batch-directory.js';
import { STATE_FREE } from '../queue/states.js';
import type { Host } from '../spec/host.js';
import { nameSome } from '../spec/problems.js';
import type { BatchOptions } from './batch-options.js';
import type { BatchRun } from './batch-run.js';
import { checkDescriptors } from './check-descriptors.js';
import type { Contact } from './create-network.js';
import { createRun } from './create-run.js';
import { type HeldBatch, holdBatch, letGoOnError } from './held-batch.js';
import { poolHosts, replaceHosts } from './replace-hosts.js';
import { recordEvents, refreshInputs } from './revise-batch.js';

export interface ResumeRequest extends Contact {
  readonly directory: BatchDirectory;
  /** What relative paths of inputs start from in a batch of an older release, which does not say. */
  readonly cwd: string;
  /** Other hosts than those that it has. What one that is not among them has stays unknown. @default the same */
  readonly hosts?: readonly Host[] | undefined;
  /** What is otherwise from now on than `batch.json` says, as long as this process runs the batch. @default nothing */
  readonly options?: BatchOptions | undefined;
  /** Whether waiting jobs take inputs that changed since the batch was made. @default false: then it is refused */
  readonly acceptChanged?: boolean | undefined;
  /** Hears which inputs changed and are taken as they are now. */
  readonly onChanged?: ((sources: readonly string[]) => void) | undefined;
  readonly onLogError: (error: unknown) => void;
}

/**
 * Goes on with a batch whose controller has gone: what runs is adopted, what ended is collected, what was never started is
 * launched. Throws a StateError when the batch cannot be read, when another process runs it (E_BATCH_HELD), or when inputs of
 * waiting jobs changed (E_INPUTS_CHANGED).
 */
export async function resumeBatch(request: ResumeRequest): Promise<BatchRun> {
  const { directory, cwd, hosts, options, acceptChanged, onChanged, onLogError, ...contact } = request;
  const held = await holdBatch(directory);
  return letGoOnError(held.store, async () => {
    await checkDescriptors(hosts ?? poolHosts(held), { ...held.file.options, ...contact.connection });
    const waiting = held.state.jobQueue.inState(STATE_FREE);
    const judge = (sources: readonly string[]) => judgeChanged(sources, held, request);
    const current = await refreshInputs(held, waiting, held.file.cwd ?? cwd, judge);
    const pooled = hosts ? await recordEvents(current, replaceHosts(current, hosts)) : current;
    return createRun(pooled, { contact, hosts, options, onLogError });
  });
}

/** Some jobs with the old inputs and some with the new ones are no batch: that takes a person's word. */
function judgeChanged(
  sources: readonly string[],
  { directory, file }: HeldBatch,
  { acceptChanged = false, onChanged }: ResumeRequest,
): void {
  if (file.cwd !== undefined && !acceptChanged) {
    const what = `inputs of waiting jobs changed since the batch was made: ${nameSome(sources, MOST_NAMED)}`;
    throw new StateError('E_INPUTS_CHANGED', { what, where: directory.path });
  }
  onChanged?.(sources);
}

const MOST_NAMED = 10;
