import type { SlotRule } from '../host.js';

/** All cores of a host: what GNU parallel does when nobody says a number. */
export const DEFAULT_SLOTS: SlotRule = { kind: 'cores', plus: 0 };

/** Reads `4`, `50%`, `cores`, `cores-1`, `cores+2`; undefined when it is none of these. */
export function parseSlotRule(text: string): SlotRule | undefined {
  const [, number, percent, sign, plus] = SLOT_RULE.exec(text.trim()) ?? [];
  if (number !== undefined) return { kind: 'count', count: Number(number) };
  if (percent !== undefined) return { kind: 'percent', percent: Number(percent) };
  return /^cores/.test(text.trim()) && SLOT_RULE.test(text.trim())
    ? { kind: 'cores', plus: Number(`${sign ?? '+'}${plus ?? 0}`) }
    : undefined;
}

/** How many jobs run at once on a host with so many cores; at least 1. */
export function resolveSlots(rule: SlotRule, cores: number): number {
  return Math.max(1, countSlots(rule, cores));
}

/** The slots of a host that is listed twice; undefined when no rule says it (`50%` and `3`). */
export function addSlots(one: SlotRule, other: SlotRule): SlotRule | undefined {
  if (one.kind === 'count' && other.kind === 'count')
    return { kind: 'count', count: one.count + other.count };
  const [first, second] = [toPercent(one), toPercent(other)];
  if (first !== undefined && second !== undefined) return { kind: 'percent', percent: first + second };
  if (one.kind === 'cores' && other.kind === 'count') return { kind: 'cores', plus: one.plus + other.count };
  if (one.kind === 'count' && other.kind === 'cores') return { kind: 'cores', plus: one.count + other.plus };
  return undefined;
}

function countSlots(rule: SlotRule, cores: number): number {
  switch (rule.kind) {
    case 'count':
      return rule.count;
    case 'percent':
      return Math.floor((cores * rule.percent) / 100);
    case 'cores':
      return cores + rule.plus;
  }
}

function toPercent(rule: SlotRule): number | undefined {
  if (rule.kind === 'percent') return rule.percent;
  return rule.kind === 'cores' && rule.plus === 0 ? 100 : undefined;
}

/** A number or a share above zero, or the cores and so many more or less. */
const SLOT_RULE = /^(?:0*([1-9]\d{0,5})|0*([1-9]\d{0,5})%|cores(?:([+-])(\d{1,6}))?)$/;
