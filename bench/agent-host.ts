import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { RequestSender, runRequest } from '../src/network/direct/gjob-requests.js';
import type { Attempt } from '../src/network/network.js';
import { packageRoot } from '../test/helpers/package-root.js';
import type { Lab } from './lab.js';

/** Jobs a second of an agent that was handed all its work at once: no network, no controller, no journal. */
export async function runAgentAlone(lab: Lab, jobs: number, slots: number): Promise<number> {
  const root = lab.fresh('agent', lab.hostDirectory);
  const helper = join(packageRoot(), 'bin', 'gjob');
  const args = [helper, 'bridge', root, 'host', 'batch', slots, 0, 0].map(String);
  const bridge = spawn('bash', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(bridge, 'exit');
  const lines = createInterface({ input: bridge.stdout });
  await once(lines, 'line');
  const sender = new RequestSender('bench', (frame) => bridge.stdin.write(frame));
  const started = performance.now();
  const ended = countEnds(lines, jobs);
  for (let job = 1; job <= jobs; job++) sender.send(runRequest(describeAttempt(job), null)).catch(() => {});
  await ended;
  const seconds = (performance.now() - started) / 1000;
  sender.send('quit').catch(() => {});
  for await (const line of lines) if (line === 'Q') break;
  bridge.stdin.end();
  await exited;
  return jobs / seconds;
}

function countEnds(lines: NodeJS.EventEmitter, jobs: number): Promise<void> {
  let left = jobs;
  return new Promise((resolve, reject) => {
    lines.on('line', (line: string) => {
      if (line.startsWith('X\t')) left -= 1;
      if (/^[EL]\t/.test(line)) reject(new Error(`the agent said ${line}`));
      if (left === 0) resolve();
    });
  });
}

/** What the Manager hands out for a job of `gpool run`. */
function describeAttempt(job: number): Attempt {
  const spec = {
    name: `job-${job}`,
    commands: [`true ${job}`],
    files: [],
    returns: [],
    env: {},
    values: {},
    repeat: 1,
    limits: {},
    repeatable: true,
    args: [String(job)],
  };
  const env = {
    GPOOL_BATCH: 'batch',
    GPOOL_JOB: String(job),
    GPOOL_ATTEMPT: '1',
    GPOOL_INDEX: String(job),
    GPOOL_REPEAT: '1',
  };
  return { id: `${job}.1`, job: String(job), n: 1, host: 'host', spec, env };
}
