import type { Host } from '../../src/spec/host.js';

/** A host of two slots, with what is given in its place. */
export function anyHost(name: string, partial: Partial<Host> = {}): Host {
  return {
    name,
    via: { kind: 'local' },
    slots: { kind: 'count', count: 2 },
    nice: 0,
    labels: [],
    root: '~/.gjob',
    init: [],
    env: {},
    ...partial,
  };
}
