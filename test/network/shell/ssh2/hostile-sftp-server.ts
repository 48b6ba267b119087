import { once } from 'node:events';
import type { ExecutionContext } from 'ava';
import ssh2, { type SFTPWrapper } from 'ssh2';
import { generateKey } from '../../../../src/testing/generate-key.js';

const { STATUS_CODE } = ssh2.utils.sftp;

/** What the server does wrong. It claims to hold one regular file of 1,000,000 zeros under any name. */
export interface Misdeeds {
  /** Bytes it really hands out before the end of file. @default all */
  readonly readable?: number;
  /** Hands out at most so many bytes in one answer. */
  readonly perRead?: number;
  /** Hands out more than was asked for. */
  readonly tooMuch?: boolean;
  /** Calls the file a FIFO. */
  readonly fifo?: boolean;
  /** Answers nothing of this kind. */
  readonly ignore?: 'OPEN' | 'STAT' | 'READ' | 'WRITE' | 'CLOSE';
  /** Fails this kind with `Failure`, as a full disk does. */
  readonly fail?: 'OPEN' | 'STAT' | 'READ' | 'WRITE' | 'CLOSE';
  /** Ends the SFTP channel at the first request of this kind. */
  readonly hangUp?: 'OPEN' | 'STAT' | 'READ' | 'WRITE';
}

const SIZE = 1_000_000;

/** An SSH server whose commands succeed at once and whose SFTP misbehaves. Answers its port. */
export async function startHostileServer(
  t: ExecutionContext,
  misdeeds: Misdeeds,
  hostKeys = [generateKey().privateKey],
): Promise<number> {
  const server = new ssh2.Server({ hostKeys }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (context) => context.accept());
    client.on('session', (accept) => {
      const session = accept();
      session.on('exec', (acceptExec) => answerScript(acceptExec()));
      session.on('sftp', (acceptSftp) => misbehave(acceptSftp(), misdeeds));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Says the sentinel that the script would print, as if bash had run it. */
function answerScript(channel: ssh2.ServerChannel): void {
  let script = '';
  channel.on('data', (chunk: Buffer) => {
    script += chunk.toString('latin1');
  });
  channel.once('end', () => {
    const [, first = '', second = ''] = /printf \W+%s%s ok\S* (\w+-?\w*) (\w+)/.exec(script) ?? [];
    channel.write(`${first}${second} ok\n`);
    channel.exit(0);
    channel.end();
  });
}

function misbehave(sftp: SFTPWrapper, { readable = SIZE, ...misdeeds }: Misdeeds): void {
  const handle = Buffer.from('handle');
  const act = (kind: NonNullable<Misdeeds['ignore']>, id: number, answer: () => void) => {
    if (misdeeds.hangUp === kind) sftp.end();
    else if (misdeeds.fail === kind) sftp.status(id, STATUS_CODE.FAILURE);
    else if (misdeeds.ignore !== kind) answer();
  };
  sftp.on('error', () => {});
  sftp.on('OPEN', (id: number) => act('OPEN', id, () => sftp.handle(id, handle)));
  sftp.on('STAT', (id: number) =>
    act('STAT', id, () =>
      sftp.attrs(id, {
        mode: misdeeds.fifo ? 0o010600 : 0o100600,
        size: SIZE,
        uid: 0,
        gid: 0,
        atime: 0,
        mtime: 0,
      }),
    ),
  );
  sftp.on('WRITE', (id: number) => act('WRITE', id, () => sftp.status(id, STATUS_CODE.OK)));
  sftp.on('CLOSE', (id: number) => act('CLOSE', id, () => sftp.status(id, STATUS_CODE.OK)));
  sftp.on('READ', (id: number, _handle: Buffer, offset: number, length: number) =>
    act('READ', id, () => {
      const bytes =
        Math.min(length, misdeeds.perRead ?? length, readable - offset) + (misdeeds.tooMuch ? 10 : 0);
      if (bytes <= 0) sftp.status(id, STATUS_CODE.EOF);
      else sftp.data(id, Buffer.alloc(bytes));
    }),
  );
}
