// Runs a Node program in this process and prints, as the last line of stdout, its peak memory in MiB:
// peak-memory.js PROGRAM [ARGUMENT…]
import { pathToFileURL } from 'node:url';

const [program = '', ...args] = process.argv.slice(2);
process.argv = [process.argv[0] ?? 'node', program, ...args];
process.once('exit', () => process.stdout.write(`\n${process.resourceUsage().maxRSS / 1024}\n`));
await import(pathToFileURL(program).href);
