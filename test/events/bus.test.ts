import test from 'ava';
import { EventBus } from '../../src/events/bus.js';

function collect(): { readonly bus: EventBus<number>; readonly errors: unknown[] } {
  const errors: unknown[] = [];
  return { bus: new EventBus<number>((error, event) => errors.push(`${error} at ${event}`)), errors };
}

test('every listener hears every event, in the order of subscribing', (t) => {
  const { bus } = collect();
  const heard: string[] = [];
  bus.subscribe((event) => heard.push(`a${event}`));
  bus.subscribe((event) => heard.push(`b${event}`));
  bus.emit(1);
  bus.emit(2);
  t.deepEqual(heard, ['a1', 'b1', 'a2', 'b2']);
});

test('a listener that throws is reported and harms no other', (t) => {
  const { bus, errors } = collect();
  const heard: number[] = [];
  bus.subscribe(() => {
    throw new Error('oh');
  });
  bus.subscribe((event) => heard.push(event));
  bus.emit(1);
  t.deepEqual(heard, [1]);
  t.deepEqual(errors, ['Error: oh at 1']);
});

test('a listener that unsubscribed hears nothing more, its twin still does', (t) => {
  const { bus } = collect();
  const heard: number[] = [];
  const listener = (event: number): void => void heard.push(event);
  const leave = bus.subscribe(listener);
  bus.subscribe(listener);
  leave();
  leave();
  bus.emit(1);
  t.deepEqual(heard, [1]);
});
