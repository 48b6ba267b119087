import { watchTerminal } from './hang-up.js';
import { runCli } from './run-cli.js';
import { guardOutputs } from './whole-output.js';

let leastCode = 0;
guardOutputs((name, { message }) => {
  leastCode = 1;
  if (name === 'stdout')
    process.stderr.write(`gpool: stdout cannot be written any more (${message}); everything else goes on\n`);
});

const endIfHungUp = watchTerminal();
// No await: the bundled program is a script. What was written last fails a moment later.
void runCli(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
  process.once('beforeExit', () => {
    process.exitCode = Math.max(exitCode, leastCode);
  });
  endIfHungUp();
});
