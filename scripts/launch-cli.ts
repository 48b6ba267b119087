// What bin/gpool starts: the program beside it, as the build has compiled it. Another Node than that of the build compiles it anew.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runProgram } from './run-program.js';

const program = fileURLToPath(new URL('./program.cjs', import.meta.url));
const compiled = `${program}.v8`;
runProgram(program, existsSync(compiled) ? readFileSync(compiled) : undefined);
