import { writeFile } from 'node:fs/promises';
import { findMissing, type Programs } from '../find-missing.js';
import type { Lab } from '../lab.js';
import type { Contestant } from '../measurement.js';
import { runCommand } from '../run-command.js';

export const DASK: Programs = { 'dask-worker': 'python3-distributed' };

/** Workers started over ssh, then `subprocess.run` for each job with its outputs; the clock starts when they are up. */
const PROGRAM = `
import subprocess, sys, time
from distributed import Client, LocalCluster
config, jobs, hosts = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
def job(i):
    done = subprocess.run(['bash', '-c', 'true %d' % i], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr
if __name__ == '__main__':
    cluster = LocalCluster(n_workers=0, host='127.0.0.1', dashboard_address=None)
    address = cluster.scheduler_address
    workers = [subprocess.Popen(['ssh', '-F', config, host, 'dask-worker '
        '--nthreads %d --no-dashboard --local-directory /tmp %s' % (max(1, 8 // len(hosts)), address)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for host in hosts]
    with Client(address) as client:
        client.wait_for_workers(len(hosts))
        started = time.perf_counter()
        codes = [code for code, out, err in client.gather(client.map(job, range(jobs), pure=False))]
        seconds = time.perf_counter() - started
        assert codes == [0] * jobs
        client.retire_workers()
    for worker in workers:
        worker.terminate()
    cluster.close()
    print(jobs / seconds)
`;

export function daskContestant(lab: Lab, hosts: number, jobs: number): Contestant {
  return {
    name: 'Dask over ssh',
    kind: 'peer',
    missing: findMissing(DASK),
    run: async () => {
      const program = `${lab.fresh('dask')}.py`;
      await writeFile(program, PROGRAM);
      const names = lab.hosts.names.slice(0, hosts);
      const args = [program, lab.hosts.sshConfig, String(jobs), ...names];
      const { stdout } = await runCommand('/usr/bin/python3', args, { cwd: lab.directory });
      return Number(stdout.trim().split('\n').at(-1));
    },
  };
}
