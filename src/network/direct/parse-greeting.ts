import { HostError } from '../../errors.js';

/** What a host keeps of the batch, by the greeting of its bridge. */
export interface StoreGreeting {
  /** A random id, made with the batch's directory there. */
  readonly id: string;
  /** Where in the event file the lines begin that follow: 0 in a store that is not the one asked for. */
  readonly from: number;
}

/**
 * Reads the line `gjob 1 <boot id> <agent pid> store=<id> from=<offset> …`; further words are passed over.
 *
 * @throws HostError E_PROTOCOL when it is anything else.
 */
export function parseGreeting(line: string, where: string): StoreGreeting {
  const words = line.split(' ');
  const isOurs = words[0] === 'gjob' && words[1] === '1';
  const id = findValue(words, 'store', /^[0-9a-f]{32}$/);
  const from = findValue(words, 'from', /^\d{1,15}$/);
  if (isOurs && id !== null && from !== null) return { id, from: Number(from) };
  throw new HostError('E_PROTOCOL', {
    what: `the bridge greeted with ${JSON.stringify(line.slice(0, 80))}`,
    where,
  });
}

function findValue(words: readonly string[], name: string, form: RegExp): string | null {
  const value = words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  return form.test(value) ? value : null;
}
