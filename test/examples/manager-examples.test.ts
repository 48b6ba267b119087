import test from 'ava';
import { tempDir } from '../helpers/temp-dir.js';
import { runExample } from './run-example.js';

test('the custom Manager tells of each job through its hooks', async (t) => {
  const { code, stdout, stderr } = await runExample('custom-manager/custom-manager.js', await tempDir(t));
  t.is(code, 0, stderr);
  t.deepEqual(stdout.trimEnd().split('\n'), [
    'fetch goes to :',
    'fetch is done, 2 to go',
    'check goes to :',
    'attempt 2.1 failed: {"kind":"failed","code":4}',
    'report goes to :',
    'report is done, 0 to go',
    '2 done, 1 failed',
  ]);
});

test('the simulated pool plays a whole night in no time, and the same one every time', async (t) => {
  const { code, stdout, stderr } = await runExample('simulated-pool/simulated-pool.js', await tempDir(t));
  t.is(code, 0, stderr);
  const lines = stdout.trimEnd().split('\n');
  t.is(lines[0], 'LAUNCH good/1.1 w/name fold#1 as job #0');
  t.true(lines.includes('HOST shaky lost: the link is down (E_CONN_LOST)'));
  t.true(
    lines.includes('AGAIN shaky/3.1 w/name fold#3 as job #2: lost, the host was rebooted (E_STORE_GONE)'),
  );
  t.true(lines.includes('AGAIN good/5.1 w/name fold#5 as job #4: exit code 3'));
  t.is(lines.at(-1), '6 of 6 done after 8 hours');
  const again = await runExample('simulated-pool/simulated-pool.js', await tempDir(t));
  t.is(again.stdout, stdout);
});

test('copies keep one slow host from holding up the end of a batch', async (t) => {
  const { code, stdout, stderr } = await runExample('slow-host/slow-host.js', await tempDir(t));
  t.is(code, 0, stderr);
  t.deepEqual(stdout.trimEnd().split('\n'), [
    'copies: 0 → 0 made, all done after 200 minutes',
    'copies: 1 → 1 made, all done after 125 minutes',
  ]);
});

test('the retries example tries again, gives up and halts as its rules say', async (t) => {
  const { code, stdout, stderr } = await runExample('retries/retries.js', await tempDir(t));
  t.is(code, 0, stderr);
  t.deepEqual(stdout.trimEnd().split('\n'), [
    'flaky is tried again',
    'steady is done',
    'wrong has failed: failed',
    'greedy has failed: killed',
    'halted: halt rule soon,fail=2: 2 of 5 jobs failed, the last one job 4 (greedy) on this machine: killed by signal 9',
    '2 jobs wait for someone to go on',
  ]);
});
