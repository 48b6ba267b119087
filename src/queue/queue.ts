import { StateError } from '../errors.js';
import type { Random } from '../random.js';
import { createLinks, StateList } from './state-list.js';

/**
 * The state of each element in a fixed list of objects. Every object starts in the first state; inside a state the
 * order is that of entering it. Every operation is O(1) but `inState`. All throw a StateError (E_QUEUE) on a state or
 * an object that the queue does not have.
 */
export class Queue<T extends object, S extends string = string> {
  readonly states: readonly S[];
  readonly objects: readonly T[];
  readonly #indexOf: (object: T) => number | undefined;
  readonly #stateOf: Uint8Array;
  readonly #lists: readonly StateList[];
  readonly #listOf: ReadonlyMap<string, number>;

  /**
   * Needs at least one state; refuses a state or an object that is listed twice. `indexOf` tells an object's place in the list, for
   * objects that know it themselves: a million of them need no table then. @default a table
   */
  constructor(states: readonly S[], objects: readonly T[], indexOf = tabulate(objects)) {
    if (states.length === 0) throw misuse('a queue needs at least one state');
    const links = createLinks(objects.length);
    this.states = [...states];
    this.objects = objects;
    this.#stateOf = new Uint8Array(objects.length);
    this.#lists = this.states.map(() => new StateList(links));
    this.#listOf = new Map(this.states.map((state, at) => [state, at]));
    if (this.#listOf.size < states.length) throw misuse('a state is listed twice');
    const initial = this.#list(0);
    this.#indexOf = indexOf;
    for (let index = 0; index < objects.length; index += 1) initial.append(index);
  }

  /** Moves the object to the tail of `state`, also when it is in that state already. */
  setState(object: T, state: S): void {
    const target = this.#position(state);
    const index = this.#index(object);
    this.#list(this.#stateOf[index]).remove(index);
    this.#stateOf[index] = target;
    this.#list(target).append(index);
  }

  stateOf(object: T): S {
    const state = this.states[this.#stateOf[this.#index(object)] ?? -1];
    if (state === undefined) throw misuse('the object has no state');
    return state;
  }

  /** True for an empty queue. */
  allInState(state: S): boolean {
    return this.count(state) === this.objects.length;
  }

  anyInState(state: S): boolean {
    return this.count(state) > 0;
  }

  count(state: S): number {
    return this.#list(this.#position(state)).size;
  }

  /** A copy, in the order of entering: safe to walk while states change. O(number in that state). */
  inState(state: S): T[] {
    return Array.from(this.#list(this.#position(state)), (index) => this.#object(index));
  }

  /** The same without a copy: let no state change while you walk. */
  *walk(state: S): Generator<T> {
    for (const index of this.#list(this.#position(state))) yield this.#object(index);
  }

  /** The object that entered `state` first. Changes nothing; throws when there is none. */
  chooseNext(state: S): T {
    return this.#object(this.#filled(state).first);
  }

  /** Any object in `state`, each as likely. Changes nothing; throws when there is none. */
  chooseRandom(state: S, random: Random = Math.random): T {
    const list = this.#filled(state);
    return this.#object(list.at(Math.floor(random() * list.size)));
  }

  #filled(state: S): StateList {
    const list = this.#list(this.#position(state));
    if (list.size === 0) throw misuse(`nothing is in state "${state}"`);
    return list;
  }

  #position(state: S): number {
    const position = this.#listOf.get(state);
    if (position === undefined)
      throw misuse(`there is no state "${state}"; there are ${this.states.join(', ')}`);
    return position;
  }

  #index(object: T): number {
    const index = this.#indexOf(object);
    if (index === undefined || this.objects[index] !== object)
      throw misuse('the object is not in this queue');
    return index;
  }

  #list(position: number | undefined): StateList {
    const list = this.#lists[position ?? -1];
    if (list === undefined) throw misuse('there is no such list');
    return list;
  }

  #object(index: number): T {
    const object = this.objects[index];
    if (object === undefined) throw misuse('there is no such object');
    return object;
  }
}

function tabulate<T>(objects: readonly T[]): (object: T) => number | undefined {
  const indexes = new Map(objects.map((object, index) => [object, index]));
  if (indexes.size < objects.length) throw misuse('an object is listed twice');
  return (object) => indexes.get(object);
}

function misuse(what: string): StateError {
  return new StateError('E_QUEUE', { what, where: 'queue' });
}
