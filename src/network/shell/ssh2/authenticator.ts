import type { AnyAuthMethod, AuthenticationType, NextAuthHandler, Prompt as Question } from 'ssh2';
import { GpoolError, HostError } from '../../../errors.js';
import type { KeyOffer } from './auth-offers.js';
import { type PromptDesk, unanswered } from './prompt-desk.js';
import type { SshTarget } from './ssh-target.js';

export interface AuthenticatorOptions {
  readonly target: SshTarget;
  readonly offers: readonly KeyOffer[];
  readonly desk: PromptDesk | undefined;
  /** Stops the login's deadline while a person is asked. */
  readonly hold: <T>(work: Promise<T>) => Promise<T>;
  /** Called once nothing is left to try, or nobody answered. */
  readonly giveUp: (error: GpoolError) => void;
}

/** One login: which methods to try, in which order, each at most once. */
export class Authenticator {
  /** What was tried, for the message. */
  readonly #tried: string[] = [];
  readonly #left: Candidate[];
  #asked = false;

  constructor(readonly options: AuthenticatorOptions) {
    const { offers, desk, target } = options;
    this.#left = [
      ...offers.map(({ label, method }): Candidate => ({ label, name: 'publickey', make: method })),
      ...(desk === undefined ? [] : this.#questions(desk)),
    ].filter(({ name }) => target.methods.has(name));
  }

  /** ssh2's authHandler: called for the first method and after each refusal, with the methods that are still open. */
  readonly next = (
    open: AuthenticationType[] | null,
    partial: boolean | null,
    take: NextAuthHandler,
  ): void => {
    if (partial) this.#asked = false; // a second factor is a question of its own
    const candidate = this.#choose(open);
    if (candidate === undefined) {
      this.options.giveUp(this.refused());
      return;
    }
    this.#tried.push(candidate.label);
    this.options.hold(candidate.make()).then(take, (error: unknown) => {
      this.options.giveUp(error instanceof GpoolError ? error : this.refused(error));
    });
  };

  /** The server said no: what a person needs to know. */
  refused(cause?: unknown): HostError {
    const { where } = this.options.target;
    const what =
      this.#tried.length > 0
        ? `the login was refused; tried ${this.#tried.join(', ')}`
        : 'there is nothing to log in with: no key, no agent, nobody to ask';
    return new HostError('E_AUTH', { what, where, cause });
  }

  #choose(open: AuthenticationType[] | null): Candidate | undefined {
    for (let next = this.#left.shift(); next; next = this.#left.shift()) {
      // Not after a question that was answered wrongly: that would be a second try.
      const allowed = next.name === 'publickey' || !this.#asked;
      if (allowed && (open === null || open.includes(next.name))) return next;
    }
    return undefined;
  }

  #questions(desk: PromptDesk): Candidate[] {
    return [
      {
        label: 'keyboard-interactive',
        name: 'keyboard-interactive',
        make: async () => this.#interactive(desk),
      },
      { label: 'password', name: 'password', make: () => this.#password(desk) },
    ];
  }

  #interactive(desk: PromptDesk): AnyAuthMethod {
    const { target, hold, giveUp } = this.options;
    return {
      type: 'keyboard-interactive',
      username: target.user,
      prompt: (_name, _instructions, _lang, questions, finish) => {
        this.#asked = true;
        hold(this.#answer(desk, questions)).then(finish, (cause: unknown) =>
          giveUp(unanswered(target.where, cause)),
        );
      },
    };
  }

  async #password(desk: PromptDesk): Promise<AnyAuthMethod> {
    this.#asked = true;
    const { user, where } = this.options.target;
    try {
      const password = await desk.askOnce(`password ${where}`, `Password for ${where}: `);
      return { type: 'password', username: user, password };
    } catch (cause) {
      throw unanswered(where, cause);
    }
  }

  async #answer(desk: PromptDesk, questions: readonly Question[]): Promise<string[]> {
    const { where } = this.options.target;
    const answers: string[] = [];
    for (const { prompt, echo } of questions) answers.push(await desk.ask(`${where}: ${prompt}`, echo));
    return answers;
  }
}

interface Candidate {
  readonly label: string;
  /** The method's name on the wire. */
  readonly name: AuthenticationType;
  readonly make: () => Promise<AnyAuthMethod>;
}
