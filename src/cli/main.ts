import { watchTerminal } from './hang-up.js';
import { runCli } from './run-cli.js';

const endIfHungUp = watchTerminal();
// No await: the bundled program is a script.
void runCli(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
  endIfHungUp();
});
