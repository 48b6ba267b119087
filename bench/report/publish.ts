import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawPlots } from './draw-plots.js';
import { formatGoalTable } from './goal-table.js';
import type { Report } from './report-file.js';

/** Puts the plots into docs/plots and the table of goals between its marks in docs/performance.md. */
export async function publish(report: Report, root: string): Promise<void> {
  const plots = join(root, 'docs', 'plots');
  await mkdir(plots, { recursive: true });
  for (const [name, svg] of drawPlots(report)) await writeFile(join(plots, name), svg);
  const page = join(root, 'docs', 'performance.md');
  const text = await readFile(page, 'utf8');
  const [start, end] = [text.indexOf(START), text.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`${page} has no place for the results`);
  const before = text.slice(0, start + START.length);
  await writeFile(page, `${before}\n${formatGoalTable(report)}${text.slice(end)}`);
}

const START = '<!-- results -->\n';
const END = '<!-- /results -->';
