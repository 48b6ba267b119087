import { z } from 'zod';
import type { Host } from './host.js';
import { namedRecord } from './named-record.js';
import { strictObject } from './strict-object.js';

const text = z.string().min(1).max(4096);

/** A host as it travels from one process of ours to another: checked again, because it is data from outside. */
export const hostSchema: z.ZodType<Host> = strictObject({
  name: text,
  via: z.discriminatedUnion('kind', [
    strictObject({ kind: z.literal('local') }),
    strictObject({
      kind: z.literal('ssh'),
      address: text,
      user: text.exactOptional(),
      port: z.int().min(1).max(65535).exactOptional(),
      identity: text.exactOptional(),
    }),
  ]),
  slots: z.discriminatedUnion('kind', [
    strictObject({ kind: z.literal('count'), count: z.int().min(1) }),
    strictObject({ kind: z.literal('percent'), percent: z.number().positive() }),
    strictObject({ kind: z.literal('cores'), plus: z.int() }),
  ]),
  nice: z.int().min(0).max(19),
  labels: z.array(text).max(1000),
  root: text,
  trustRoot: z.boolean().exactOptional(),
  init: z.array(z.string()).max(1000),
  env: namedRecord(z.string()),
  managedBy: text.exactOptional(),
});
