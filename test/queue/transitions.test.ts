import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { STATES } from '../../src/queue/states.js';
import { HOST_TRANSITIONS, JOB_TRANSITIONS, type TransitionTable } from '../../src/queue/transitions.js';
import { packageRoot } from '../helpers/package-root.js';

const page = readFileSync(join(packageRoot(), 'docs/states.md'), 'utf8');
const diagrams = [...page.matchAll(/```mermaid\n([^`]*)```/g)].map(([, diagram]) => diagram ?? '');

const CASES: readonly (readonly [string, TransitionTable, string | undefined])[] = [
  ['jobs', JOB_TRANSITIONS, diagrams[0]],
  ['hosts', HOST_TRANSITIONS, diagrams[1]],
];
for (const [what, table, diagram] of CASES) {
  test(`the diagram of the ${what} has the edges of the table`, (t) => {
    t.deepEqual(drawnEdges(diagram ?? ''), tableEdges(table));
  });
}

function drawnEdges(diagram: string): string[] {
  return [...diagram.matchAll(/^\s*(\w+) --> (\w+): (\S+)$/gm)]
    .map(([, from, to, cause]) => `${from} ${cause} ${to}`)
    .sort();
}

function tableEdges(table: TransitionTable): string[] {
  return STATES.flatMap((from) =>
    Object.entries(table[from]).flatMap(([cause, targets]) => targets.map((to) => `${from} ${cause} ${to}`)),
  ).sort();
}
