import type { FileHandle } from 'node:fs/promises';
import { HostError, JobError, TransportError } from '../../errors.js';
import { readBlocks } from '../../read-blocks.js';
import { BlockWriter } from './block-writer.js';
import { explainLocal } from './local-fault.js';
import { openSource, writeWhole } from './local-file.js';
import type { Channel, FetchOptions, RunResult, TransferOptions } from './shell.js';
import { StallWatch } from './stall-watch.js';

/** Starts a script with arguments, for one copy. */
export type StartScript = (script: string, args: readonly string[]) => Promise<Channel>;

/** Copies a local file to the host through `cat`. See Shell.putFile. */
export async function putStream(
  start: StartScript,
  where: string,
  [local, remote]: readonly [string, string],
  options: TransferOptions = {},
): Promise<void> {
  const source = await openSource(local);
  try {
    await copy(start(PUT, [remote]), `${where}:${remote}`, options, async (channel, moved) => {
      channel.stdin.on('error', () => {}); // the end of the script says why
      for await (const chunk of readBlocks(source)) {
        await new Promise<void>((resolve) => channel.stdin.write(chunk, () => resolve()));
        if (channel.stdin.destroyed) break;
        moved(chunk.length);
      }
      channel.stdin.end();
    });
  } finally {
    await source.close();
  }
}

/** Copies the first `bytes` bytes of a file on the host. See Shell.getFile. */
export async function getStream(
  start: StartScript,
  where: string,
  [remote, local]: readonly [string, string],
  bytes: number,
  options: FetchOptions = {},
): Promise<void> {
  const write = (target: FileHandle) =>
    copy(start(GET, [remote, String(bytes)]), `${where}:${remote}`, options, async (channel, moved) => {
      let size = 0;
      const writer = new BlockWriter(target);
      for await (const chunk of channel.stdout) {
        size += chunk.length;
        if (size > bytes) throw transferError('it sent more than was asked for', `${where}:${remote}`);
        moved(chunk.length);
        options.onBytes?.(chunk);
        await writer.push(chunk);
      }
      await writer.end();
      const { code } = await channel.ended;
      if (code === 0 && size < bytes)
        throw transferError('it is shorter than it was said to be', `${where}:${remote}`);
    });
  await explainLocal(local, () => writeWhole(local, write));
}

const PUT = 'umask 077; export LC_ALL=C; cat >"$1" && chmod 600 -- "$1"';
const IRREGULAR = 43;
/** `head` copies 8 KiB at a time, which costs the host three times as much as the blocks of a `dd` that can count bytes. */
const GET = `export LC_ALL=C; [[ -e $1 && ! -f $1 ]] && exit ${IRREGULAR}
how=(iflag=fullblock,count_bytes status=none)
(($2 >= 1048576)) && dd count=0 "\${how[@]}" </dev/null 2>/dev/null && exec dd bs=128k count="$2" "\${how[@]}" <"$1"
exec head -c "$2" <"$1"`;

async function copy(
  starting: Promise<Channel>,
  where: string,
  { stallMs = 60_000, onProgress }: TransferOptions,
  move: (channel: Channel, moved: (bytes: number) => void) => Promise<void>,
): Promise<void> {
  const watch = new StallWatch(stallMs, where);
  let channel: Channel | undefined;
  try {
    channel = await watch.guard(starting);
    const moving = move(channel, (bytes) => {
      watch.progress();
      onProgress?.(bytes);
    });
    await watch.guard(moving);
    checkEnd(await watch.guard(channel.ended), where);
  } catch (error) {
    channel?.close();
    throw error;
  } finally {
    watch.clear();
  }
}

function checkEnd({ code, stderr }: RunResult, where: string): void {
  if (code === 0) return;
  const said = stderr.toString('utf8').trim().split('\n').at(-1) ?? '';
  if (code === IRREGULAR)
    throw new JobError('E_OUTPUT_UNSAFE', { what: 'this is not a regular file', where });
  if (/No space left on device|Disk quota exceeded/.test(said))
    throw new HostError('E_REMOTE_DISK', { what: 'there is no space left on the host', where });
  throw transferError(said.replace(/^.*: /, '') || `the copy ended with code ${code}`, where);
}

function transferError(what: string, where: string): TransportError {
  return new TransportError('E_TRANSFER', { what, where });
}
