// What bin/gpool starts: the program beside it, as the build has compiled it. Another Node than that of the build compiles it anew.
import { fileURLToPath } from 'node:url';
import { readCompiled } from './compiled-code.js';
import { runProgram } from './run-program.js';

const program = fileURLToPath(new URL('./program.cjs', import.meta.url));
runProgram(program, readCompiled(`${program}.v8`));
