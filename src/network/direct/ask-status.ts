import type { Outcome } from '../../events/outcome.js';
import type { AttemptStatus } from '../network.js';
import { ENDS } from './gjob-events.js';
import { goneOutcome, toOutcome } from './network-events.js';
import type { Session } from './session.js';

/** Asks one machine about attempts on one or several hosts that share its root directory; one request in all. */
export async function askStatus(
  { shell, helper, paths }: Session,
  attemptsByHostId: ReadonlyMap<string, readonly string[]>,
): Promise<Map<string, AttemptStatus>> {
  const args = [...attemptsByHostId].flatMap(([id, attempts]) => [id, String(attempts.length)]);
  const asked = new Set([...attemptsByHostId.values()].flat());
  const input = [...asked].map((attempt) => `${attempt}\n`).join('');
  const { stdout } = await shell.run(SCRIPT, {
    args: [helper.file, paths.root, paths.batch, ...args],
    input,
  });
  const answers = new Map<string, AttemptStatus>();
  for (const line of stdout.toString('latin1').split('\n')) {
    const [attempt = '', ...words] = line.split('\t');
    if (asked.has(attempt)) answers.set(attempt, toStatus(words, shell.where));
  }
  return answers;
}

/** The helper's words; whatever else it says is neither finished nor failed. */
function toStatus([word = '', kind = '', detail = '']: readonly string[], where: string): AttemptStatus {
  switch (word) {
    case 'free':
    case 'done':
      return { state: word };
    case 'error': {
      const outcome = toEnd(kind, detail, where);
      return outcome ? { state: word, outcome } : { state: word };
    }
    case 'busy':
    case 'paused':
      return { state: 'busy', paused: word === 'paused', ...toRanMs(kind) };
    default:
      return word === 'unknown' && kind === 'gone' ? { state: 'unknown', gone: true } : { state: 'unknown' };
  }
}

/** An older helper does not say how long it has run. */
function toRanMs(word: string): { readonly ranMs?: number } {
  return /^\d{1,15}$/.test(word) ? { ranMs: Number(word) } : {};
}

/** How an attempt that did not succeed ended; null when its host does not say it as the protocol does. */
function toEnd(kind: string, detail: string, where: string): Outcome | null {
  if (kind === 'lost') return goneOutcome({ kind, word: detail, text: detail.slice(0, 32) }, where);
  const how = ENDS.find((known) => known === kind);
  const number = /^\d{1,3}$/.test(detail) ? Number(detail) : 256;
  if (!how || number > 255 || (how === 'code' && number === 0)) return null;
  return toOutcome({ how, number });
}

/** A host whose directory is not there yet has nothing to say; the others still answer. */
const SCRIPT = `
file=$1 root=$2 batch=$3; shift 3
while (($# > 1)); do
  mapfile -t -n "$2" attempts
  if [[ -d $root/$1/$batch ]]; then printf '%s\\n' "\${attempts[@]}" | (source "$file" && main status "$root" "$1" "$batch"); fi
  shift 2
done
exit 0`;
