import type PQueue from 'p-queue';
import { JobError } from '../../errors.js';
import type { Collected } from '../../events/event.js';
import type { Host } from '../../spec/host.js';
import type { JobSpec } from '../../spec/job-spec.js';
import type { Attempt, OutputRange } from '../network.js';
import type { GjobEvent } from './gjob-events.js';
import { HostLink, type HostLinkOptions } from './host-link.js';
import { lastLine } from './remote-fault.js';
import { collectJob } from './returns/collect-job.js';
import { OutputFetcher } from './returns/output-fetcher.js';
import { runVerb } from './session.js';
import { HostCache } from './staging/host-cache.js';

type Output = { readonly stdout: boolean; readonly stderr: boolean };

/** One bare host: its link, its cache, and what is known of the outputs there. */
export class DirectHost {
  readonly link: HostLink;
  readonly cache: HostCache;
  readonly #fetcher: OutputFetcher;
  /** Attempts that ended and were not collected yet. */
  readonly #outputs = new Map<string, Output>();

  constructor(
    host: Host,
    options: Omit<HostLinkOptions, 'observe'>,
    readonly transfers: PQueue,
  ) {
    const session = () => this.link.session;
    this.link = new HostLink(host, { ...options, observe: (event) => this.#observe(event) });
    this.cache = new HostCache(session, transfers);
    this.#fetcher = new OutputFetcher(session, options.clock);
  }

  async collect({ id, spec, output: told }: Attempt, directory: string): Promise<Collected> {
    const { transfers } = this;
    const session = () => this.link.session;
    const output = told ?? this.#outputs.get(id) ?? null;
    const collected = await collectJob({
      attempt: id,
      spec,
      directory,
      session,
      fetcher: this.#fetcher,
      transfers,
      output,
    });
    this.#outputs.delete(id);
    return collected;
  }

  async readOutput(
    attempt: string,
    file: 'log' | 'err',
    { from = 0, maxBytes = DEFAULT_RANGE }: OutputRange = {},
  ): Promise<Buffer> {
    const { bytes } = await this.#fetcher.fetch({ attempt, file, from, maxBytes });
    return bytes;
  }

  /** All that it left is here: the host keeps its record only, once it has heard of it. */
  clear(attempt: string, { files, returns }: JobSpec): void {
    this.#outputs.delete(attempt);
    this.link.clear(attempt, { soon: files.length + returns.length > 0 });
  }

  /** Throws JobError E_COMMAND when the attempt still runs. */
  async deleteAttempt(attempt: string): Promise<void> {
    const { session } = this.link;
    const { hostId, batch } = session.paths;
    const { code, stderr } = await runVerb(session, 'forget', [hostId, batch, attempt], { refusable: true });
    if (code === 0) {
      this.#outputs.delete(attempt);
      return;
    }
    throw new JobError('E_COMMAND', {
      what: `the attempt cannot be deleted: ${lastLine(stderr)}`,
      where: `attempt ${attempt} on ${this.link.host.name}`,
      next: 'Kill it first.',
    });
  }

  /** The batch is over: ends the agent, and removes the batch's directory unless an output there was not collected; `gpool gc` finds what is left. */
  async cleanUp(): Promise<void> {
    const waiting = [...this.#outputs.values()].some(({ stdout, stderr }) => stdout || stderr);
    if (waiting) await this.link.dismissAgent(DISMISS_MS);
    else await this.link.forgetBatch(DISMISS_MS);
  }

  #observe(event: GjobEvent): void {
    if (event.kind === 'ended')
      this.#outputs.set(event.attempt, { stdout: event.stdout, stderr: event.stderr });
    else if (event.kind === 'refused' && event.word === 'tree') this.cache.forget();
  }
}

const DEFAULT_RANGE = 16 * 1024 * 1024;
const DISMISS_MS = 10_000;
