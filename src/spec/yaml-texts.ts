import { type Document, isMap, isNode, isScalar, type Node, type Scalar, visit } from 'yaml';

/** Something in a YAML text that is probably not meant so, with its place. */
export interface Misread {
  readonly offset: number;
  readonly what: string;
}

/** Makes values of jobs the text that stands in the file: `3.10`, `007` and, under YAML 1.1, `yes` are not what YAML makes of them. */
export function keepTexts(document: Document.Parsed): void {
  visitUnder(document, VALUES, (scalar) => {
    const isRead =
      typeof scalar.value === 'number' || typeof scalar.value === 'boolean' || scalar.value instanceof Date;
    if (
      isRead &&
      scalar.tag === undefined &&
      scalar.source !== undefined &&
      String(scalar.value) !== scalar.source
    )
      scalar.value = scalar.source;
  });
}

/** Tags that are not YAML's own, and comments that cut a text: both begin as a shell command may. */
export function findMisread(document: Document.Parsed, text: string): Misread[] {
  const found: Misread[] = [];
  visit(document, {
    Node: (_, node) => {
      const tag = 'tag' in node ? node.tag : undefined;
      if (typeof tag !== 'string' || tag.startsWith('tag:yaml.org,2002:')) return;
      const what = `${tag} is a tag of YAML and would be lost; a text that begins with ! needs quotes`;
      found.push({ offset: tagOffset(node, text), what });
    },
  });
  visitUnder(document, TEXTS, ({ range, type }) => {
    if (!range || type !== 'PLAIN') return;
    const [, cut] = /^[ \t]+(#[^\s#][^\n]*)/.exec(text.slice(range[1])) ?? [];
    if (cut === undefined) return;
    const what = `${JSON.stringify(cut)} is a comment of YAML and cut off; put the text into quotes, or a blank behind #`;
    found.push({ offset: range[1], what });
  });
  return found;
}

function visitUnder(
  document: Document.Parsed,
  keys: ReadonlySet<string>,
  take: (scalar: Scalar) => void,
): void {
  visit(document, {
    Pair: (_, { key, value }) => {
      if (!isScalar(key) || !keys.has(String(key.value)) || !isNode(value)) return;
      if (isScalar(value)) take(value);
      else visit(value, { Scalar: (_key, scalar) => take(scalar) });
    },
  });
}

/** A node begins behind its tag. */
function tagOffset(node: Node, text: string): number {
  const start = node.range?.[0] ?? 0;
  const before = text.lastIndexOf('!', start);
  return before < 0 || isMap(node) ? start : before;
}

const VALUES: ReadonlySet<string> = new Set(['sweep', 'exclude', 'include', 'env']);
const TEXTS: ReadonlySet<string> = new Set(['command', 'commands', 'init', 'files', 'returns', ...VALUES]);
