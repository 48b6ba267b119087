/** What a command must print, and how it must end. */
export interface Expectation {
  /** What stdout contains or matches. */
  readonly out?: readonly (string | RegExp)[];
  /** What stderr contains or matches. */
  readonly err?: readonly (string | RegExp)[];
  /** What stdout does not contain. */
  readonly never?: readonly string[];
  /** @default 0 */
  readonly code?: number;
}

export interface Step {
  readonly command: string;
  /** Whether it is printed somewhere; otherwise it only prepares the next. */
  readonly printed: boolean;
  readonly expect: Expectation;
  /** It goes on in the background as soon as this file is there; the next step with its text waits for its end. */
  readonly until?: string;
}

/** Commands that build on each other: they run in this order in one directory. */
export interface Scene {
  readonly steps: readonly Step[];
  /** Files beside those that every scene has. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A printed command, and what it must print. */
export function printed(command: string, expect: Expectation): Step {
  return { command, printed: true, expect };
}

/** Something printed nowhere that the next commands need. */
export function arrange(command: string, expect: Expectation = {}): Step {
  return { command, printed: false, expect };
}

/** A command that goes on while the next ones run, once `until` is there. */
export function start(step: Step, until: string): Step {
  return { ...step, until };
}
