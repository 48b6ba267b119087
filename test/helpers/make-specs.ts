import type { JobSpec } from '../../src/spec/job-spec.js';

/** A complete spec that says only what a test cares for. */
export function makeSpec(partial: Partial<JobSpec> = {}): JobSpec {
  return {
    name: 'job',
    commands: ['true'],
    files: [],
    returns: [],
    env: {},
    values: {},
    repeat: 1,
    limits: {},
    repeatable: true,
    args: [],
    ...partial,
  };
}

/** `count` specs named `job-1`, `job-2` … */
export function makeSpecs(count: number, partial: Partial<JobSpec> = {}): JobSpec[] {
  return Array.from({ length: count }, (_, at) => makeSpec({ name: `job-${at + 1}`, ...partial }));
}
