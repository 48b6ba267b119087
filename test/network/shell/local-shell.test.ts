import test from 'ava';
import { TransportError } from '../../../src/errors.js';
import { createLocalShell } from '../../../src/network/shell/local-shell.js';

test.serial(
  'a shell that was closed starts nothing more, also for one who was just connecting',
  async (t) => {
    const shell = createLocalShell();
    await shell.open();
    t.is((await shell.run('echo here')).stdout.toString(), 'here\n');
    await shell.close();
    const error = await t.throwsAsync(shell.run('echo here'), { instanceOf: TransportError });
    t.is(error.code, 'E_CONN_LOST');
    await t.throwsAsync(shell.start('sleep 60'), { instanceOf: TransportError });
  },
);
