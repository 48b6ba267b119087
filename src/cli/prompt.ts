import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { ReadStream, WriteStream } from 'node:tty';
import { HostError } from '../errors.js';

/** A question for a person. Structurally the transport's own. */
export interface Question {
  readonly text: string;
  readonly echo: boolean;
}

/** Asks on the controlling terminal, whatever stdin and stdout are. One question at a time. */
export type Ask = (question: Question) => Promise<string>;

/**
 * Asks on /dev/tty; an answer that is a secret is not shown. `around` lets the live view step aside. Rejects with
 * E_AUTH when there is no terminal.
 */
export function createPrompt(around: { before(): void; after(): void }): Ask {
  let last: Promise<unknown> = Promise.resolve();
  return (question) => {
    const answer = last.then(async () => {
      around.before();
      try {
        return await askTerminal(question);
      } finally {
        around.after();
      }
    });
    last = answer.catch(() => undefined);
    return answer;
  };
}

/** Refuses every question, naming the flag that says so. */
export async function refusePrompt({ text }: Question): Promise<string> {
  throw new HostError('E_AUTH', {
    what: `"${text.trim()}" has to be answered, and --no-input forbids to ask`,
    where: 'the terminal',
    next: 'Load the key into ssh-agent, or run without --no-input.',
  });
}

async function askTerminal({ text, echo }: Question): Promise<string> {
  const handle = await open('/dev/tty', 'r+').catch((cause: unknown) => {
    throw new HostError('E_AUTH', {
      what: `"${text.trim()}" has to be answered, and there is no terminal to ask on`,
      where: '/dev/tty',
      next: 'Load the key into ssh-agent, or run gpool from a terminal.',
      cause,
    });
  });
  const input = new ReadStream(handle.fd);
  const output = new WriteStream(handle.fd);
  try {
    return await readAnswer(input, output, text, echo);
  } finally {
    if (!echo) output.write('\n');
    input.setRawMode(false);
    input.destroy();
    await handle.close().catch(() => undefined);
  }
}

function readAnswer(input: ReadStream, output: WriteStream, text: string, echo: boolean): Promise<string> {
  output.write(text);
  if (!echo) return readHidden(input);
  const lines = createInterface({ input, terminal: false });
  return new Promise((resolve) => lines.once('line', (line) => resolve(line)));
}

/** Raw mode: the terminal itself echoes nothing. Ctrl-C and Ctrl-D give up. */
function readHidden(input: ReadStream): Promise<string> {
  input.setRawMode(true);
  input.setEncoding('utf8');
  let typed = '';
  return new Promise((resolve, reject) => {
    input.on('data', (chunk: string) => {
      for (const key of chunk) {
        if (key === '\r' || key === '\n') return resolve(typed);
        if (key === '\u0003' || key === '\u0004') return reject(givenUp());
        typed = key === '\u007f' ? typed.slice(0, -1) : typed + key;
      }
    });
  });
}

function givenUp(): HostError {
  return new HostError('E_AUTH', { what: 'the question was not answered', where: 'the terminal' });
}
