import test from 'ava';
import { StateError } from '../../src/errors.js';
import { Queue } from '../../src/queue/queue.js';
import { STATES } from '../../src/queue/states.js';
import { type Random, seededRandom } from '../../src/random.js';
import { pickSeed } from '../helpers/seed.js';

interface Thing {
  readonly name: string;
}

function things(count: number): Thing[] {
  return Array.from({ length: count }, (_, index) => ({ name: String(index) }));
}

function names(list: readonly Thing[]): string {
  return list.map(({ name }) => name).join(' ');
}

test('every object starts in the first state, in the given order', (t) => {
  const queue = new Queue(STATES, things(3));
  t.is(names(queue.inState('free')), '0 1 2');
  t.true(queue.allInState('free'));
  t.deepEqual(
    STATES.map((state) => queue.count(state)),
    [3, 0, 0, 0, 0],
  );
});

test('any list of states will do, even of one', (t) => {
  const [a] = things(1) as [Thing];
  const queue = new Queue(['only'], [a]);
  queue.setState(a, 'only');
  t.is(queue.stateOf(a), 'only');
});

test('the order in a state is that of entering it', (t) => {
  const [a, b, c] = things(3) as [Thing, Thing, Thing];
  const queue = new Queue(STATES, [a, b, c]);
  for (const thing of [c, a, b]) queue.setState(thing, 'busy');
  t.is(names(queue.inState('busy')), '2 0 1');
  t.is(queue.chooseNext('busy'), c);
});

test('setting the same state again moves an object to the tail', (t) => {
  const [a, b] = things(2) as [Thing, Thing];
  const queue = new Queue(STATES, [a, b]);
  queue.setState(a, 'free');
  t.is(names(queue.inState('free')), '1 0');
});

test('inState is a copy that may be walked while states change', (t) => {
  const queue = new Queue(STATES, things(4));
  for (const thing of queue.inState('free')) queue.setState(thing, 'done');
  t.is(names(queue.inState('done')), '0 1 2 3');
  queue.inState('done').pop();
  t.is(queue.count('done'), 4);
});

test('an empty queue has all in any state and none in it', (t) => {
  const queue = new Queue(STATES, []);
  t.true(queue.allInState('done'));
  t.false(queue.anyInState('done'));
});

test('choosing changes nothing', (t) => {
  const queue = new Queue(STATES, things(3));
  queue.chooseNext('free');
  queue.chooseRandom('free');
  t.is(names(queue.inState('free')), '0 1 2');
});

test('a random choice reaches every object of the state about equally often', (t) => {
  const queue = new Queue(STATES, things(5));
  queue.setState(queue.chooseNext('free'), 'busy');
  const random = seededRandom(7);
  const hits = new Map<string, number>();
  for (let n = 0; n < 4000; n += 1) {
    const { name } = queue.chooseRandom('free', random);
    hits.set(name, (hits.get(name) ?? 0) + 1);
  }
  t.deepEqual([...hits.keys()].sort(), ['1', '2', '3', '4']);
  for (const count of hits.values()) t.true(count > 850 && count < 1150, `${count} of about 1000`);
});

const stranger: Thing = { name: 'stranger' };
const twice: Thing = { name: 'twice' };
const REFUSED: readonly (readonly [string, () => void])[] = [
  ['no state', () => new Queue([], [])],
  ['a state listed twice', () => new Queue(['free', 'free'], [])],
  ['an object listed twice', () => new Queue(STATES, [twice, twice])],
  ['a state it does not have', () => new Queue<Thing>(STATES, [twice]).setState(twice, 'gone')],
  ['an object it does not have', () => new Queue(STATES, [twice]).setState(stranger, 'done')],
  ['the state of an object it does not have', () => new Queue(STATES, [twice]).stateOf(stranger)],
  ['counting a state it does not have', () => new Queue<Thing>(STATES, [twice]).anyInState('gone')],
  ['choosing the next of an empty state', () => new Queue(STATES, [twice]).chooseNext('done')],
  ['choosing any of an empty state', () => new Queue(STATES, [twice]).chooseRandom('done')],
];
for (const [title, act] of REFUSED) {
  test(`a queue refuses ${title}`, (t) => {
    t.is(t.throws(act, { instanceOf: StateError })?.code, 'E_QUEUE');
  });
}

test('objects that know their place are asked for it, and a stranger that claims one is refused', (t) => {
  const list = things(3);
  const queue = new Queue(STATES, list, ({ name }) => Number(name));
  queue.setState(list[1] ?? stranger, 'done');
  t.is(names(queue.inState('free')), '0 2');
  t.is(names(queue.inState('done')), '1');
  t.is(t.throws(() => queue.stateOf({ name: '2' }), { instanceOf: StateError })?.code, 'E_QUEUE');
  t.is(t.throws(() => queue.stateOf(stranger), { instanceOf: StateError })?.code, 'E_QUEUE');
});

test('a refused change changes nothing', (t) => {
  const [a] = things(1) as [Thing];
  const queue = new Queue<Thing>(STATES, [a]);
  t.throws(() => queue.setState(a, 'gone'));
  t.is(queue.stateOf(a), 'free');
  t.is(queue.count('free'), 1);
});

test('random operations give what a plain model gives', (t) => {
  const seed = pickSeed();
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  for (let round = 0; round < 40; round += 1) compareWithModel(random, 1 + Math.floor(random() * 30));
  t.pass();
});

/** The model is the seed's own: one plain array for each state. */
function compareWithModel(random: Random, size: number): void {
  const objects = things(size);
  const queue = new Queue<Thing>(STATES, objects);
  const model = new Map<string, Thing[]>(STATES.map((state) => [state, []]));
  model.set('free', [...objects]);
  for (let step = 0; step < 300; step += 1) {
    const object = objects[Math.floor(random() * size)] ?? stranger;
    const state = STATES[Math.floor(random() * STATES.length)] ?? 'free';
    queue.setState(object, state);
    for (const list of model.values()) if (list.includes(object)) list.splice(list.indexOf(object), 1);
    model.get(state)?.push(object);
    for (const [name, list] of model) compareState(queue, name, list, random);
  }
}

function compareState(queue: Queue<Thing>, state: string, list: readonly Thing[], random: Random): void {
  const same = [
    names(queue.inState(state)) === names(list),
    queue.count(state) === list.length,
    queue.anyInState(state) === list.length > 0,
    queue.allInState(state) === (list.length === queue.objects.length),
    list.every((object) => queue.stateOf(object) === state),
    list.length === 0 || queue.chooseNext(state) === list[0],
    list.length === 0 || list.includes(queue.chooseRandom(state, random)),
  ];
  if (same.includes(false)) throw new Error(`state ${state} differs: ${same}`);
}

test('changing a state costs the same, however many objects there are', (t) => {
  const queue = new Queue(STATES, things(200_000));
  const begin = performance.now();
  for (const object of queue.objects) queue.setState(object, 'busy');
  for (const object of [...queue.objects].reverse()) queue.setState(object, 'done');
  // Anything quadratic would take minutes.
  t.true(performance.now() - begin < 20_000);
  t.is(queue.count('done'), 200_000);
});
