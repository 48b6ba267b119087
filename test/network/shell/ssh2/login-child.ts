import { createSsh2Shell } from '../../../../src/network/shell/ssh2/ssh2-shell.js';

/** A controller of its own: logs in four times at once, runs a command each, and exits with how many failed. */
const [configFile = '', address = ''] = process.argv.slice(2);
const ends = await Promise.allSettled(
  Array.from({ length: 4 }, async () => {
    const shell = createSsh2Shell({ kind: 'ssh', address }, { configFile, connectTimeoutMs: 60_000 });
    await shell.open();
    await shell.run('true');
    await shell.close();
  }),
);
const failed = ends.filter((end) => end.status === 'rejected');
for (const end of failed) process.stderr.write(`${end.reason}\n`);
process.exit(failed.length);
