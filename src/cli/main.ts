import { watchTerminal } from './hang-up.js';
import { runCli } from './run-cli.js';

// Whoever reads our output may have read enough (`| head`), or its terminal is gone: what is left of it goes nowhere, the rest is done.
for (const output of [process.stdout, process.stderr]) output.on('error', passOverLostReader);

const endIfHungUp = watchTerminal();
// No await: the bundled program is a script.
void runCli(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
  endIfHungUp();
});

function passOverLostReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
}
