import { join } from 'node:path';
import { EventLog } from './event-log.js';
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
  #log: EventLog | null = null;

  constructor(options: LoggingManagerOptions = {}) {
    super(options);
    this.#options = options;
    this.subscribe((event) => this.#log?.write(event));
  }

  protected override handleOpen(directory: string | null): void {
    const { log, jsonLog = directory === null ? undefined : join(directory, 'log.jsonl') } = this.#options;
    this.#log = new EventLog({
      ...(log ? { log } : {}),
      ...(jsonLog === undefined ? {} : { jsonLog }),
      findJob: (id) => this.findJob(id),
      onError: (error) => this.reportError(error),
    });
  }

  protected override async handleClose(): Promise<void> {
    await this.#log?.close();
  }
}
