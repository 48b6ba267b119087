import type { Host } from '../spec/host.js';

/** What a person may tell a batch to do while it runs. Plain data: it travels through the control socket. */
export type Order =
  /** `jobs` are ids; `host` narrows to what that host has. A host that cannot be asked is told when it answers. */
  | {
      readonly kind: 'cancel' | 'pause' | 'unpause';
      readonly jobs: readonly string[] | 'all';
      readonly host: string | null;
    }
  /** At most so many attempts handed out at once; null lifts the cap. */
  | { readonly kind: 'cap'; readonly maxRunning: number | null }
  /** `hold`: nothing new is given to the hosts. `drain`: the same, and they are let go of when empty. */
  | {
      readonly kind: 'hold' | 'release' | 'drain';
      readonly hosts: readonly string[];
      readonly reason: string;
    }
  /** As `drain`; with `now`, what is there is given up and goes to other hosts as far as it may be repeated. */
  | {
      readonly kind: 'remove';
      readonly hosts: readonly string[];
      readonly reason: string;
      readonly now: boolean;
    }
  /** Hosts join; one of the batch takes its new number of slots, and drains no more. */
  | { readonly kind: 'add'; readonly hosts: readonly Host[] };
