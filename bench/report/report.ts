// Draws the plots of docs/performance.md and writes its table, from bench/results.json: npm run bench:plots [-- FILE]
import { join } from 'node:path';
import { packageRoot } from '../../test/helpers/package-root.js';
import { publish } from './publish.js';
import { readReport } from './report-file.js';

const path = process.argv[2] ?? join(packageRoot(), 'bench', 'results.json');
const report = await readReport(path);
if (!report) throw new Error(`there is no ${path}; npm run bench makes it`);
await publish(report, packageRoot());
