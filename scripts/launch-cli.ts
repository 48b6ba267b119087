// What bin/gpool starts: the program beside it, as the build has compiled it. Another Node than that of the build compiles it anew.
import { fileURLToPath } from 'node:url';
import { claimUserSignals } from '../src/cli/user-signals.js';
import { readCompiled } from './compiled-code.js';
import { runProgram } from './run-program.js';

claimUserSignals();
const program = fileURLToPath(new URL('./program.cjs', import.meta.url));
runProgram(program, readCompiled(`${program}.v8`));
