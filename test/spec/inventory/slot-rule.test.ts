import test from 'ava';
import { parseSlotRule, resolveSlots } from '../../../src/spec/inventory/slot-rule.js';

const rules: [text: string, cores: number, slots: number][] = [
  ['4', 1, 4],
  ['100%', 8, 8],
  ['50%', 3, 1],
  ['1%', 8, 1],
  ['250%', 2, 5],
  ['cores', 6, 6],
  ['cores-1', 6, 5],
  ['cores-1', 1, 1],
  ['cores-9', 4, 1],
  ['cores+2', 4, 6],
];

for (const [text, cores, slots] of rules) {
  test(`${text} of ${cores} cores is ${slots} at once`, (t) => {
    const rule = parseSlotRule(text);
    t.is(rule && resolveSlots(rule, cores), slots);
  });
}

for (const text of ['', '0', '-1', '1.5', '0%', 'core', 'cores-', 'cores*2', '9999999']) {
  test(`${JSON.stringify(text)} is no slot rule`, (t) => t.is(parseSlotRule(text), undefined));
}
