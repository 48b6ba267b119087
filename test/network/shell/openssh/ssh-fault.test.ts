import test from 'ava';
import type { ErrorCode } from '../../../../src/errors.js';
import { sshFault } from '../../../../src/network/shell/openssh/ssh-fault.js';

const CHANGED = `@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
The fingerprint for the ED25519 key sent by the remote host is
SHA256:8kkOU/x4Aa3P9K+w4U6tJ2roaCw//3Xd+cJ3QxngEsA.
Please contact your system administrator.
Add correct host key in /home/me/.ssh/known_hosts to get rid of this message.
Offending ED25519 key in /home/me/.ssh/known_hosts:12
Host key for lab01 has changed and you have requested strict checking.
Host key verification failed.
`;

const SAYINGS: readonly (readonly [string, ErrorCode])[] = [
  [CHANGED, 'E_HOSTKEY_CHANGED'],
  [
    'ED25519 host key for lab01 was revoked and is marked as revoked.\nHost key verification failed.',
    'E_HOSTKEY_REVOKED',
  ],
  ['No ED25519 host key is known for lab01 and you have requested strict checking.', 'E_HOSTKEY_UNKNOWN'],
  ['me@lab01: Permission denied (publickey,password).', 'E_AUTH'],
  ['Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures', 'E_AUTH'],
  ['Load key "/home/me/.ssh/id": invalid format\r\nme@lab01: Permission denied (publickey).', 'E_KEY'],
  ['ssh: Could not resolve hostname lab01: Name or service not known', 'E_DNS'],
  ['ssh: connect to host lab01 port 22: Connection refused', 'E_CONN_REFUSED'],
  ['ssh: connect to host lab01 port 22: Connection timed out', 'E_CONN_TIMEOUT'],
  ['ssh: connect to host lab01 port 22: No route to host', 'E_CONN_TIMEOUT'],
  ['Connection timed out during banner exchange', 'E_CONN_TIMEOUT'],
  ['Unable to negotiate with 10.0.0.1 port 22: no matching key exchange method found.', 'E_KEX'],
  ['kex_exchange_identification: banner line contains invalid characters', 'E_NOT_SSH'],
  [
    'debug1: kex_exchange_identification: banner line 0: Not allowed at this time\nkex_exchange_identification: Connection closed by remote host',
    'E_PENALTY',
  ],
  ['/home/me/.ssh/config: line 3: Bad configuration option: hots', 'E_SSH_CONFIG'],
  ['mux_client_request_session: session request failed: Session open refused by peer', 'E_CHANNEL'],
  ['client_loop: send disconnect: Broken pipe', 'E_CONN_LOST'],
  ['', 'E_CONN_LOST'],
];

for (const [said, code] of SAYINGS) {
  test(`${code} is told from ${JSON.stringify(said.trim().split('\n').at(-1))}`, (t) => {
    const error = sshFault(said, 'lab01');
    t.is(error.code, code);
    t.regex(error.message, /^lab01: \S/);
  });
}

test('a changed key is named with the new fingerprint and the line of the old key', (t) => {
  const { what } = sshFault(CHANGED, 'lab01');
  t.regex(what, /SHA256:8kkOU\/x4Aa3P9K\+w4U6tJ2roaCw\/\/3Xd\+cJ3QxngEsA/);
  t.regex(what, /known_hosts:12/);
});

test("our own lines of trace are not taken for ssh's last word", (t) => {
  t.is(
    sshFault('Connection closed by 10.0.0.1\r\ndebug1: Exit status -1', 'lab01').what,
    'Connection closed by 10.0.0.1',
  );
});
