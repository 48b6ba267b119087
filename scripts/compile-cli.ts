// compile-cli.js PROGRAM ARGUMENTS…: runs the bundled program once, so that Node compiles what a run needs, and keeps that beside it.
import { writeCompiled } from './compiled-code.js';
import { runProgram } from './run-program.js';

const [program = '', ...args] = process.argv.slice(2);
process.argv = [process.execPath, program, ...args];
const script = runProgram(program);
process.once('exit', () => writeCompiled(`${program}.v8`, script.createCachedData()));
