import { watchTerminal } from './hang-up.js';
import { runCli } from './run-cli.js';

const endIfHungUp = watchTerminal();
process.exitCode = await runCli(process.argv.slice(2));
endIfHungUp();
