import { existsSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { SSHD } from './sshd-farm.js';

/** Whether tests that need OpenSSH's sshd, several login shells and root were asked for. */
export const SSHD_TIER = process.env.GPOOL_TEST_SSHD === '1';

/** What the title of each such test ends with, so that they can be run alone. */
const SSHD_MARK = 'with a real sshd';

type Body = (t: ExecutionContext) => void | Promise<void>;

/**
 * A test that needs OpenSSH's sshd as root. Skipped, with the reason in its title, unless GPOOL_TEST_SSHD=1 is set; then
 * it runs, and fails on a machine that cannot run it. Such tests of one file run one after the other.
 */
export function sshdTest(title: string, body: Body): void {
  if (!SSHD_TIER) {
    test.skip(`${title} (needs sshd and root: set GPOOL_TEST_SSHD=1)`, body);
    return;
  }
  test.serial(`${title} (${SSHD_MARK})`, async (t) => {
    if (!existsSync(SSHD)) t.fail(`GPOOL_TEST_SSHD=1, but there is no ${SSHD}: install openssh-server`);
    else if (process.getuid?.() !== 0) t.fail('GPOOL_TEST_SSHD=1, but this is not root');
    else await body(t);
  });
}
