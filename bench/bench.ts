// Runs the measurements and prints them beside the goals: npm run bench -- [NAME…] [--runs N] [--scale X] [--json FILE] [--no-install]
import { parseArgs } from 'node:util';
import { packageRoot } from '../test/helpers/package-root.js';
import type { Programs } from './find-missing.js';
import { installPeers, LAB_PROGRAMS } from './install-peers.js';
import { openLab } from './lab.js';
import { describeMachine } from './machine.js';
import type { Measurement } from './measurement.js';
import { MEASUREMENTS } from './measurements.js';
import { publish } from './report/publish.js';
import {
  type MeasuredResult,
  mergeReports,
  type Report,
  readReport,
  writeReport,
} from './report/report-file.js';
import { formatResult } from './table.js';
import { takeTurns } from './take-turns.js';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    allowNegative: true,
    options: {
      runs: { type: 'string', default: '5' },
      scale: { type: 'string', default: '1' },
      json: { type: 'string' },
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
  const [runs, scale] = [Number(values.runs), Number(values.scale)];
  const results = await measure(chosen, runs, scale);
  const path = values.json ?? (scale === 1 ? 'bench/results.json' : 'bench/trial.json');
  const now: Report = { ...(await describeMachine()), scale, results };
  const report = mergeReports(
    await readReport(path),
    now,
    MEASUREMENTS.map(({ name }) => name),
  );
  await writeReport(path, report);
  const isWhole = scale === 1 && positionals.length === 0;
  if (isWhole) await publish(report, packageRoot());
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

async function measure(
  chosen: readonly Measurement[],
  runs: number,
  scale: number,
): Promise<MeasuredResult[]> {
  const results: MeasuredResult[] = [];
  const lab = await openLab(scale);
  if (scale !== 1) process.stdout.write(`All counts times ${scale}: a trial, not a measurement.\n\n`);
  try {
    for (const measurement of chosen) {
      const result = await takeTurns(lab, measurement, runs, say);
      process.stdout.write(`${formatResult(result)}\n`);
      results.push({ ...result, measuredAt: new Date().toISOString(), runs });
    }
  } finally {
    await lab.close();
  }
  return results;
}

await main();
