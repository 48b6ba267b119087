import { z } from 'zod';
import type { Order } from '../manager/order.js';
import { hostSchema } from '../spec/host-schema.js';
import { strictObject } from '../spec/strict-object.js';
import type { Question } from './control-protocol.js';

const name = z.string().min(1).max(4096);
const count = z.int().min(0);
const hosts = z.array(name).max(10_000);
const reason = z.string().max(4096);

const orderSchema: z.ZodType<Order> = z.discriminatedUnion('kind', [
  strictObject({
    kind: z.enum(['cancel', 'pause', 'unpause']),
    jobs: z.union([z.literal('all'), z.array(z.string().max(32)).max(1_000_000)]),
    host: name.nullable(),
  }),
  strictObject({ kind: z.literal('cap'), maxRunning: count.min(1).nullable() }),
  strictObject({ kind: z.enum(['hold', 'release', 'drain']), hosts, reason }),
  strictObject({ kind: z.literal('remove'), hosts, reason, now: z.boolean() }),
  strictObject({ kind: z.literal('add'), hosts: z.array(hostSchema).max(10_000) }),
]);

/** What may come through the control socket: data, each part checked, nothing unknown. */
export const questionSchema: z.ZodType<Question> = z.discriminatedUnion('ask', [
  strictObject({ ask: z.literal('status') }),
  strictObject({ ask: z.literal('overview'), most: count.max(1000) }),
  strictObject({ ask: z.literal('progress') }),
  strictObject({ ask: z.literal('hosts') }),
  strictObject({ ask: z.literal('why'), word: name }),
  strictObject({ ask: z.literal('order'), order: orderSchema }),
  strictObject({
    ask: z.literal('output'),
    attempt: z.string().max(64),
    stream: z.enum(['stdout', 'stderr']),
    from: count,
  }),
  strictObject({ ask: z.literal('events'), from: count.min(1) }),
]);
