// Runs the measurements and prints them beside the goals: npm run bench -- [NAME…] [--runs N] [--scale X] [--json FILE] [--no-install]
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Programs } from './find-missing.js';
import { installPeers, LAB_PROGRAMS } from './install-peers.js';
import { openLab } from './lab.js';
import { describeMachine } from './machine.js';
import type { Measurement } from './measurement.js';
import { MEASUREMENTS } from './measurements.js';
import { formatResult } from './table.js';
import { type Result, takeTurns } from './take-turns.js';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    allowNegative: true,
    options: {
      runs: { type: 'string', default: '5' },
      scale: { type: 'string', default: '1' },
      json: { type: 'string', default: 'bench/results.json' },
      install: { type: 'boolean', default: true },
      list: { type: 'boolean', default: false },
    },
  });
  if (values.list) {
    for (const { goal, name, what } of MEASUREMENTS) process.stdout.write(`${goal}\t${name}\t${what}\n`);
    return;
  }
  const chosen = choose(positionals);
  if (values.install) await installPeers(listPrograms(chosen), say);
  const results = await measure(chosen, Number(values.runs), Number(values.scale));
  const report = {
    ...(await describeMachine()),
    runs: Number(values.runs),
    scale: Number(values.scale),
    results,
  };
  await writeFile(values.json, `${JSON.stringify(report, null, 1)}\n`);
}

function choose(names: readonly string[]): readonly Measurement[] {
  const unknown = names.find((name) => !MEASUREMENTS.some((measurement) => isCalled(measurement, name)));
  if (unknown !== undefined) throw new Error(`there is no measurement ${unknown}; --list names them`);
  return MEASUREMENTS.filter(
    (measurement) => names.length === 0 || names.some((name) => isCalled(measurement, name)),
  );
}

function listPrograms(chosen: readonly Measurement[]): Programs {
  return Object.assign({}, LAB_PROGRAMS, ...chosen.map(({ programs }) => programs));
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function isCalled({ goal, name }: Measurement, asked: string): boolean {
  return name === asked || goal.toLowerCase() === asked.toLowerCase();
}

async function measure(chosen: readonly Measurement[], runs: number, scale: number): Promise<Result[]> {
  const results: Result[] = [];
  const lab = await openLab(scale);
  if (scale !== 1) process.stdout.write(`All counts times ${scale}: a trial, not a measurement.\n\n`);
  try {
    for (const measurement of chosen) {
      const result = await takeTurns(lab, measurement, runs, say);
      process.stdout.write(`${formatResult(result)}\n`);
      results.push(result);
    }
  } finally {
    await lab.close();
  }
  return results;
}

await main();
