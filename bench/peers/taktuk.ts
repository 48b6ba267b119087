import { writeFile } from 'node:fs/promises';
import { findMissing } from '../find-missing.js';
import type { Lab } from '../lab.js';
import type { Contestant } from '../measurement.js';
import { runCommand } from '../run-command.js';

/** taktuk keeps a connection to each host and runs a command there, one line of its input after the other. It has no queue. */
export function taktukContestant(lab: Lab, hosts: number, jobs: number): Contestant {
  const names = lab.hosts.names.slice(0, hosts);
  return {
    name: 'taktuk (no queue, no records)',
    kind: 'peer',
    missing: findMissing({ taktuk: 'taktuk' }),
    run: async () => {
      const script = lab.fresh('taktuk');
      const rounds = Math.ceil(jobs / names.length);
      await writeFile(script, 'broadcast exec [ true ]\n'.repeat(rounds));
      const connector = `ssh -F ${lab.hosts.sshConfig}`;
      const args = ['-c', connector, ...names.flatMap((name) => ['-m', name]), '-f', script];
      const { seconds } = await runCommand('taktuk', args);
      return (rounds * names.length) / seconds;
    },
  };
}
