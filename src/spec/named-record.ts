import { z } from 'zod';

/** A record whose names people choose. `__proto__` is refused: objects treat it as no name at all, and zod leaves it out without a word. */
export function namedRecord<Value extends z.ZodType>(value: Value, name: z.ZodString = z.string()) {
  return z.preprocess(refuseProto, z.record(name, value));
}

function refuseProto(record: unknown, context: z.RefinementCtx): unknown {
  if (typeof record === 'object' && record !== null && Object.hasOwn(record, '__proto__'))
    context.addIssue({ code: 'custom', message: '__proto__ cannot be a name here' });
  return record;
}
