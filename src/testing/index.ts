export type { EmbeddedHost } from './embedded-host.js';
export type { EmbeddedFaults, EmbeddedHostOptions } from './embedded-host-options.js';
export { type EmbeddedPool, type EmbeddedPoolOptions, startEmbeddedHosts } from './embedded-hosts.js';
