import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml';
import type { z } from 'zod';
import type { ErrorCode } from '../errors.js';
import { describeFinding, flattenIssue } from './issues.js';
import { type Problem, throwProblems } from './problems.js';
import { findMisread, keepTexts } from './yaml-texts.js';

/** A YAML text that remembers its lines, so that a mistake in its content can be told with file and line. */
export class YamlSource {
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;
  readonly #origin: string;
  readonly #text: string;
  readonly #code: ErrorCode;

  /** `code` is the code of the errors about this text. */
  constructor(text: string, origin: string, code: ErrorCode) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    this.#origin = origin;
    this.#code = code;
    this.#text = text;
    keepTexts(this.#document);
  }

  /** The content as the schema makes it. Throws one SpecError that lists every mistake. */
  read<Schema extends z.ZodType>(schema: Schema): z.output<Schema> {
    throwProblems(this.#syntaxProblems(), this.#origin);
    const { success, data, error } = schema.safeParse(this.#content());
    if (success) return data;
    const found = error.issues
      .flatMap((issue) => flattenIssue(issue))
      .map((finding) => ({ ...finding, offset: this.#offset(finding.path, finding.key) }))
      .sort((a, b) => a.offset - b.offset);
    throwProblems(
      found.map((finding) => this.#at(finding.offset, describeFinding(finding))),
      this.#origin,
    );
    throw error;
  }

  /** A text whose aliases stand for others again and again would fill the memory: it is refused. */
  #content(): unknown {
    try {
      return this.#document.toJS();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throwProblems([this.#at(0, `its aliases (*name) cannot be filled in: ${why}`)], this.#origin);
      throw error;
    }
  }

  /** `file:line` of what is at a path, or of a key in it. */
  where(path: readonly PropertyKey[], key?: string): string {
    return this.#place(this.#offset(path, key));
  }

  #syntaxProblems(): Problem[] {
    const problems = this.#document.errors.map(({ pos, message }) =>
      this.#at(pos[0], `no valid YAML: ${message}`),
    );
    if (problems.length > 0) return problems;
    problems.push(...this.#misread());
    visit(this.#document, {
      Alias: (_, alias) => {
        const what = `*${alias.source} refers to nothing; a text that begins with * needs quotes`;
        if (alias.resolve(this.#document) === undefined) problems.push(this.#at(alias.range?.[0] ?? 0, what));
      },
    });
    return problems;
  }

  /** What YAML takes for something else than a person who writes commands means. */
  #misread(): Problem[] {
    return findMisread(this.#document, this.#text).map(({ offset, what }) => {
      const { line, col } = this.#lines.linePos(offset);
      return { code: this.#code, where: `${this.#origin}:${line}:${col}`, what };
    });
  }

  #at(offset: number, what: string): Problem {
    return { code: this.#code, where: this.#place(offset), what };
  }

  #place(offset: number): string {
    return `${this.#origin}:${this.#lines.linePos(offset).line}`;
  }

  /** Where the deepest part of the path begins that the text has. */
  #offset(path: readonly PropertyKey[], key?: string): number {
    let node: unknown = this.#document.contents;
    let offset = startOf(node) ?? 0;
    for (const step of key === undefined ? path : [...path, key]) {
      const child = childOf(node, step);
      if (child === undefined) break;
      offset = startOf(isPair(child) ? child.key : child) ?? offset;
      node = isPair(child) ? child.value : child;
    }
    return offset;
  }
}

function childOf(node: unknown, step: PropertyKey): unknown {
  if (isMap(node)) return node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  return isSeq(node) ? node.items[Number(step)] : undefined;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
