import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../test/helpers/free-port.js';
import { waitFor } from '../../test/helpers/wait-for.js';
import type { Programs } from '../find-missing.js';
import { runCommand } from '../run-command.js';
import type { BatchSystem } from './batch-system.js';
import { Daemons } from './daemons.js';

export const SLURM: Programs = {
  slurmctld: 'slurmctld',
  slurmd: 'slurmd',
  sbatch: 'slurm-client',
  munged: 'munge',
};

const LOCAL = '127.0.0.1';
/** The first contact of the nodes takes up to 12 s on a quiet machine. */
const START_LIMIT_MS = 120_000;

/** As root, on loopback, without cgroups or a database. Array jobs start in a scheduling pass: here one a second, the most it has. */
function writeConfig(directory: string, ports: readonly number[], slots: number): string {
  return `
ClusterName=bench
SlurmctldHost=localhost(${LOCAL})
SlurmctldPort=${ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=${directory}/munge.socket
StateSaveLocation=${directory}/state
SlurmdSpoolDir=${directory}/spool-%n
SlurmctldPidFile=${directory}/slurmctld.pid
SlurmdPidFile=${directory}/slurmd-%n.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
${ports
  .slice(1)
  .map((port, at) => describeNode(at + 1, port, slots))
  .join('\n')}
PartitionName=bench Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
}

function describeNode(node: number, port: number, slots: number): string {
  return `NodeName=n${node} NodeHostname=localhost NodeAddr=${LOCAL} Port=${port} CPUs=${slots} State=UNKNOWN`;
}

/** Slurm with so many nodes, all this machine. */
export async function startSlurm(directory: string, nodes: number, slots: number): Promise<BatchSystem> {
  const inside = (name: string) => join(directory, name);
  const env = { SLURM_CONF: inside('slurm.conf') };
  await mkdir(inside('state'), { recursive: true });
  const ports: number[] = [];
  while (ports.length <= nodes) ports.push(await freePort(LOCAL));
  await writeFile(env.SLURM_CONF, writeConfig(directory, ports, slots));
  const daemons = new Daemons(inside('log'), env);
  const stop = () => daemons.stop();
  try {
    await startMunge(daemons, directory);
    await daemons.start('/usr/sbin/slurmctld', '-D', '-i');
    for (let node = 1; node <= nodes; node++) await daemons.start('/usr/sbin/slurmd', '-D', '-N', `n${node}`);
    await waitFor(async () => (await countIdle(env)) === nodes, {
      limitMs: START_LIMIT_MS,
      what: 'idle nodes of Slurm',
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const submitArray = async (script: string, count: number, outputs: string) => {
    const args = ['--parsable', `--array=1-${count}`, '--ntasks=1', `--output=${outputs}/%a.out`, script];
    await runCommand('sbatch', args, { env });
  };
  return { submitArray, stop };
}

/** What Slurm's programs trust each other by. */
async function startMunge(daemons: Daemons, directory: string): Promise<void> {
  const file = (name: string) => join(directory, `munge.${name}`);
  await writeFile(file('key'), randomBytes(128), { mode: 0o600 });
  const where = [`--socket=${file('socket')}`, `--key-file=${file('key')}`, `--pid-file=${file('pid')}`];
  const log = [`--log-file=${file('log')}`, `--seed-file=${file('seed')}`];
  await daemons.start('/usr/sbin/munged', '--foreground', '--force', ...where, ...log);
}

async function countIdle(env: Readonly<Record<string, string>>): Promise<number> {
  const { stdout } = await runCommand('sinfo', ['-h', '-t', 'idle', '-o', '%D'], { env, codes: [0, 1] });
  return Number(stdout);
}
