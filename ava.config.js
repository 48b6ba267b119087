// Tests run on the build: `npm test` compiles first. One file, one process. Tests that start hosts are serial in their file: more
// at once than there are files only wait for each other. Tests that
// need a real sshd say so when GPOOL_TEST_SSHD is not set (see test/helpers/tiers.ts). The fault suite has ava.faults.config.js.
export default {
  files: ['dist/test/**/*.test.js', '!dist/test/faults/**'],
  concurrency: 3,
  timeout: '120s',
  nodeArguments: ['--unhandled-rejections=strict'],
  workerThreads: false,
};
