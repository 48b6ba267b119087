import { hostname } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../test/helpers/free-port.js';
import { waitFor } from '../../test/helpers/wait-for.js';
import type { Programs } from '../find-missing.js';
import { runCommand } from '../run-command.js';
import type { BatchSystem } from './batch-system.js';
import { Daemons } from './daemons.js';

export const GRID_ENGINE: Programs = {
  sge_qmaster: 'gridengine-master',
  sge_execd: 'gridengine-exec',
  qsub: 'gridengine-client',
};

const PROGRAMS = '/usr/lib/gridengine';
const START_LIMIT_MS = 60_000;

/** A cell of its own beside the packaged one. 127.0.0.1 must resolve to the name that the machine gives itself. */
const MAKE_CELL = `
set -eu
packaged=/var/lib/gridengine
shared=/usr/share/gridengine
mkdir -p "$SGE_ROOT/default/common" "$SGE_ROOT/db" "$SGE_ROOT/qmaster/job_scripts" "$SGE_ROOT/execd"
for part in bin lib util utilbin; do ln -s $packaged/$part "$SGE_ROOT/$part"; done
cd "$SGE_ROOT/default/common"
echo localhost >act_qmaster
echo "localhost $1" >host_aliases
sed -e 's/^\\(admin_user *\\).*/\\1none/' -e "s:^\\(spooling_params *\\).*:\\1$SGE_ROOT/db:" \\
  -e "s:^\\(qmaster_spool_dir *\\).*:\\1$SGE_ROOT/qmaster:" $shared/default-bootstrap >bootstrap
sed -e 's/^\\(min_[ug]id *\\).*/\\10/' -e "s:^\\(execd_spool_dir *\\).*:\\1$SGE_ROOT/execd:" \\
  -e 's:^\\(mailer *\\).*:\\1/bin/true:' $shared/default-configuration >"$SGE_ROOT/configuration"
cd "$SGE_ROOT"
programs=${PROGRAMS}
$programs/spoolinit berkeleydb libspoolb "$SGE_ROOT/db" init
$programs/spooldefaults configuration "$SGE_ROOT/configuration"
$programs/spooldefaults complexes $shared/util/resources/centry
$programs/spooldefaults usersets $shared/util/resources/usersets
$programs/spooldefaults managers root`;

/** One queue on one host of $1 slots, and a scheduling pass whenever one may help, which is once a second. */
const ADD_QUEUE = `
set -eu
export EDITOR=true
qconf -ah localhost || true
qconf -as localhost
printf 'group_name @allhosts\\nhostlist localhost\\n' >"$SGE_ROOT/group"
qconf -Ahgrp "$SGE_ROOT/group"
for environment in /usr/share/gridengine/util/resources/pe/*; do qconf -Ap "$environment"; done
qconf -aq all.q
qconf -mattr queue hostlist @allhosts all.q
qconf -mattr queue slots "$1" all.q
qconf -mattr queue shell_start_mode unix_behavior all.q
qconf -rattr queue load_thresholds NONE all.q
qconf -ssconf | sed -e 's/^\\(schedule_interval *\\).*/\\10:0:1/' -e 's/^\\(flush_\\(submit\\|finish\\)_sec *\\).*/\\11/' \\
  -e 's/^\\(job_load_adjustments *\\).*/\\1NONE/' >"$SGE_ROOT/scheduler"
qconf -Msconf "$SGE_ROOT/scheduler"`;

/** Grid Engine with one host that has all the slots; it knows a machine only once. */
export async function startGridEngine(directory: string, hosts: number, slots: number): Promise<BatchSystem> {
  const [master, execution] = [await freePort('0.0.0.0'), await freePort('0.0.0.0')];
  const env = {
    SGE_ROOT: directory,
    SGE_CELL: 'default',
    SGE_QMASTER_PORT: String(master),
    SGE_EXECD_PORT: String(execution),
    SGE_ND: '1',
  };
  const shell = (script: string, argument: string | number) =>
    runCommand('sh', ['-c', script, 'sh', String(argument)], { env });
  await shell(MAKE_CELL, hostname());
  const daemons = new Daemons(join(directory, 'log'), env);
  const stop = () => daemons.stop();
  try {
    await daemons.start(join(PROGRAMS, 'sge_qmaster'));
    await until('the queue master', () => answers('qconf', ['-sh'], env));
    await shell(ADD_QUEUE, hosts * slots);
    await daemons.start(join(PROGRAMS, 'sge_execd'));
    await until('the execution host', async () => (await listFree(env)) >= hosts * slots);
  } catch (error) {
    await stop();
    throw error;
  }
  const submitArray = async (script: string, count: number, outputs: string) => {
    const args = [
      '-terse',
      '-cwd',
      '-S',
      '/bin/bash',
      '-t',
      `1-${count}`,
      '-o',
      outputs,
      '-e',
      outputs,
      script,
    ];
    await runCommand('qsub', args, { env, cwd: directory });
  };
  return { submitArray, stop };
}

function until(what: string, condition: () => Promise<boolean>): Promise<boolean> {
  return waitFor(condition, { limitMs: START_LIMIT_MS, what });
}

function answers(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<boolean> {
  return runCommand(command, args, { env }).then(
    () => true,
    () => false,
  );
}

/** Slots of the queue that could take a job; none while the host was not heard of. */
async function listFree(env: Readonly<Record<string, string>>): Promise<number> {
  const { stdout } = await runCommand('qstat', ['-g', 'c', '-q', 'all.q'], { env, codes: [0, 1] });
  // all.q: load, used, reserved, available, total, …
  return Number(
    stdout
      .split('\n')
      .find((line) => line.startsWith('all.q'))
      ?.split(/ +/)[4] ?? 0,
  );
}
