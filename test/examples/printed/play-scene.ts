import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { GpoolRun } from '../../helpers/run-gpool.js';
import { waitFor } from '../../helpers/wait-for.js';
import { FILES } from './fixtures.js';
import type { Expectation, Scene, Step } from './scene.js';
import type { World } from './world.js';

/** Runs the commands of one scene, in order, in a directory of its own, and judges what each prints. */
export async function playScene(
  t: ExecutionContext,
  world: World,
  name: string,
  scene: Scene,
): Promise<void> {
  // Each judgement begins this time anew: a machine that is busy with other tests is slow.
  t.timeout(170_000);
  const cwd = join(world.home, name);
  await world.makeDirectory(cwd, { ...FILES, ...scene.files });
  // A scene that failed in its middle may have left its jobs waiting.
  await rm(join(world.home, 'hold'), { force: true });
  const running = new Map<string, Promise<GpoolRun>>();
  for (const step of scene.steps) await play(t, { world, cwd, running }, step);
}

interface Stage {
  readonly world: World;
  readonly cwd: string;
  readonly running: Map<string, Promise<GpoolRun>>;
}

async function play(t: ExecutionContext, { world, cwd, running }: Stage, step: Step): Promise<void> {
  const started = running.get(step.command);
  const run = started ?? world.run(step.command, cwd);
  if (step.until !== undefined && started === undefined) {
    const sign = join(cwd, step.until);
    running.set(step.command, run);
    let ended = false;
    void run.then(() => {
      ended = true;
    });
    await waitFor(() => ended || existsSync(sign), {
      limitMs: 60_000,
      what: `${step.until} of ${step.command}`,
    });
    if (!ended) return;
  }
  judge(t, step, await run);
}

function judge(t: ExecutionContext, { command, expect }: Step, run: GpoolRun): void {
  const told = `${command}\nexit code ${run.code}\n${run.stdout.slice(0, 4000)}\n${run.stderr.slice(0, 4000)}`;
  t.is(run.code, expect.code ?? 0, told);
  judgeText(t, run.stdout, expect.out, told);
  judgeText(t, run.stderr, expect.err, told);
  for (const absent of expect.never ?? []) t.false(run.stdout.includes(absent), told);
}

function judgeText(t: ExecutionContext, text: string, wanted: Expectation['out'], told: string): void {
  for (const part of wanted ?? [])
    if (typeof part === 'string') t.true(text.includes(part), `${JSON.stringify(part)} is missing: ${told}`);
    else t.regex(text, part, told);
}
