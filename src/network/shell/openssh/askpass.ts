import { connect } from 'node:net';

// The program that `ssh` starts to ask for a secret (SSH_ASKPASS): it hands the question to gpool's socket and prints the answer.
// Node's own answers are a debugger for everybody on the machine, and the end.
for (const signal of ['SIGUSR1', 'SIGUSR2']) process.on(signal, () => {});
const socket = connect(process.env.GPOOL_ASKPASS_SOCKET ?? '');
const chunks: Buffer[] = [];
socket.on('data', (chunk: Buffer) => chunks.push(chunk));
socket.once('error', () => {
  process.exitCode = 1;
});
socket.once('end', () => {
  const answer = Buffer.concat(chunks).toString('utf8');
  if (answer.startsWith('+')) process.stdout.write(`${answer.slice(1)}\n`);
  else process.exitCode = 1;
});
socket.end(process.argv[2] ?? '');
