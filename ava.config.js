// Tests run on the build: `npm test` compiles first. One file, one process; tests that
// need a real sshd say so when GPOOL_TEST_SSHD is not set (see test/helpers/tiers.ts). The fault suite has ava.faults.config.js.
export default {
  files: ['dist/test/**/*.test.js', '!dist/test/faults/**'],
  concurrency: 2,
  timeout: '120s',
  nodeArguments: ['--unhandled-rejections=strict'],
  workerThreads: false,
};
