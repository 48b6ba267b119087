/** Where each element stands; shared by all lists of one queue, because an element is in one of them only. */
export interface Links {
  readonly next: Int32Array;
  readonly previous: Int32Array;
  /** Place in `members` of the list that holds the element. */
  readonly place: Int32Array;
}

/** Links for elements 0 to `length - 1`. */
export function createLinks(length: number): Links {
  return { next: new Int32Array(length), previous: new Int32Array(length), place: new Int32Array(length) };
}

/**
 * A list of small integers that keeps the order of entering and gives any member in O(1): a linked list for the
 * order, beside it a dense array without order, where the last member fills the gap of one that leaves.
 */
export class StateList {
  readonly #links: Links;
  readonly #members: number[] = [];
  #head = NONE;
  #tail = NONE;

  constructor(links: Links) {
    this.#links = links;
  }

  get size(): number {
    return this.#members.length;
  }

  /** The member that entered first, or -1. */
  get first(): number {
    return this.#head;
  }

  /** Some member; every `place` from 0 to `size - 1` names another one. */
  at(place: number): number {
    return this.#members[place] ?? NONE;
  }

  append(element: number): void {
    const { next, previous, place } = this.#links;
    next[element] = NONE;
    previous[element] = this.#tail;
    if (this.#tail === NONE) this.#head = element;
    else next[this.#tail] = element;
    this.#tail = element;
    place[element] = this.#members.length;
    this.#members.push(element);
  }

  remove(element: number): void {
    this.#unlink(element);
    const last = this.#members.pop() ?? NONE;
    if (last === element) return;
    const gap = this.#links.place[element] ?? NONE;
    this.#members[gap] = last;
    this.#links.place[last] = gap;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let element = this.#head; element !== NONE; element = this.#links.next[element] ?? NONE)
      yield element;
  }

  #unlink(element: number): void {
    const { next, previous } = this.#links;
    const before = previous[element] ?? NONE;
    const after = next[element] ?? NONE;
    if (before === NONE) this.#head = after;
    else next[before] = after;
    if (after === NONE) this.#tail = before;
    else previous[after] = before;
  }
}

const NONE = -1;
