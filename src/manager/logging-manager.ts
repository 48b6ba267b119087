import { join } from 'node:path';
import type { EventLog } from './event-log.js';
import { Manager } from './manager.js';
import type { ManagerOptions } from './manager-options.js';

export interface LoggingManagerOptions extends ManagerOptions {
  /** Takes a line for each launch, success, failure, and `WAIT ....` while nothing happens. @default no lines */
  readonly log?: NodeJS.WritableStream;
  /** Path of the same events as JSON lines. @default `log.jsonl` in the batch directory */
  readonly jsonLog?: string;
}

/** A Manager that writes what happens: lines for people, JSON lines for programs. A log that fails never fails the batch. */
export class LoggingManager extends Manager {
  readonly #options: LoggingManagerOptions;
  /** Loaded while the hosts are being connected. */
  #opening: Promise<EventLog> | null = null;
  #log: EventLog | null = null;

  constructor(options: LoggingManagerOptions = {}) {
    super(options);
    this.#options = options;
    this.subscribe((event) => {
      if (this.#log) this.#log.write(event);
      else this.#opening?.then((log) => log.write(event)).catch(() => {}); // reported once, by its opening
    });
  }

  protected override handleOpen(directory: string | null): void {
    this.#opening = this.#openLog(directory);
    this.#opening.then(
      (log) => {
        this.#log = log;
      },
      (error: unknown) => this.reportError(error),
    );
  }

  protected override async handleClose(): Promise<void> {
    const log = await this.#opening?.catch(() => null);
    await log?.close();
  }

  async #openLog(directory: string | null): Promise<EventLog> {
    const { log, jsonLog = directory === null ? undefined : join(directory, 'log.jsonl') } = this.#options;
    const { EventLog } = await import('./event-log.js');
    return new EventLog({
      ...(log ? { log } : {}),
      ...(jsonLog === undefined ? {} : { jsonLog }),
      findJob: (id) => this.findJob(id),
      onError: (error) => this.reportError(error),
    });
  }
}
