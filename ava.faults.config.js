// The fault suite (docs/faults.md): it takes minutes, so `npm test` leaves it out. One file after the other: each builds a
// pool of machines for itself.
export default {
  files: ['dist/test/faults/**/*.test.js'],
  concurrency: 1,
  serial: true,
  timeout: '60m',
  nodeArguments: ['--unhandled-rejections=strict'],
  workerThreads: false,
};
