import type { ParsedKey } from 'ssh2';
import { HostError } from '../../../errors.js';
import type { Prompt } from '../ssh-options.js';

/**
 * Asks the person one question at a time, and each question once: what was answered (or refused) for one host serves all
 * others. Secrets stay in here and in the login that needs them.
 */
export class PromptDesk {
  /** Keys that were opened with a passphrase, by path. */
  readonly keys = new Map<string, Promise<ParsedKey>>();
  readonly #answers = new Map<string, Promise<string>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly prompt: Prompt) {}

  /** Asks in turn. Rejects as the prompt does. */
  ask(text: string, echo = false): Promise<string> {
    const answer = this.#last.then(() => this.prompt({ text, echo }));
    this.#last = answer.catch(() => {});
    return answer;
  }

  /** Asks at most once for each key, in this process. */
  askOnce(key: string, text: string): Promise<string> {
    const held = this.#answers.get(key);
    if (held !== undefined) return held;
    const answer = this.ask(text);
    answer.catch(() => {}); // each waiter sees it
    this.#answers.set(key, answer);
    return answer;
  }
}

/** The one desk of a prompt, or undefined when nobody can be asked. */
export function deskFor(prompt: Prompt | undefined): PromptDesk | undefined {
  if (prompt === undefined) return undefined;
  const desk = desks.get(prompt) ?? new PromptDesk(prompt);
  desks.set(prompt, desk);
  return desk;
}

/** What a question that nobody answered is, to the login that asked it. */
export function unanswered(where: string, cause: unknown): HostError {
  return new HostError('E_AUTH', { what: 'it asks for a password and nobody answered', where, cause });
}

const desks = new WeakMap<Prompt, PromptDesk>();
