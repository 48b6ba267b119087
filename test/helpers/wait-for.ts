import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits until `condition` answers something other than false, null or undefined, and hands that on. Throws, naming
 * `what`, when it did not within `limitMs` (60 s unless told).
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { limitMs = 60_000, what = 'the condition' }: { readonly limitMs?: number; readonly what?: string } = {},
): Promise<Exclude<T, false | null | undefined>> {
  const limit = performance.now() + limitMs;
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    const answer = await condition();
    if (isThere(answer)) return answer;
    if (performance.now() > limit) throw new Error(`waited ${limitMs} ms in vain for ${what}`);
    await pause(wait);
  }
}

function isThere<T>(answer: T): answer is Exclude<T, false | null | undefined> {
  return answer !== false && answer !== null && answer !== undefined;
}
