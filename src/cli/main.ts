import { watchTerminal } from './hang-up.js';
import { runCli } from './run-cli.js';

// Whoever reads our output may have read enough (`| head`): what is left of it goes nowhere, the rest is done.
for (const output of [process.stdout, process.stderr]) output.on('error', passOverClosedPipe);

const endIfHungUp = watchTerminal();
// No await: the bundled program is a script.
void runCli(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
  endIfHungUp();
});

function passOverClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
