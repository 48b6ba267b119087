import type { Readable } from 'node:stream';

/** Watches the bytes a server sends: when the last came, and what the first ones were, for the error message. */
export class GreetingTap {
  /** When the last byte came, on the monotonic clock, milliseconds. */
  lastByteAt = performance.now();
  #head = Buffer.alloc(0);

  /** Attach before ssh2 does: it pauses the stream first, and both then see the same bytes. */
  constructor(stream: Readable) {
    stream.on('data', (chunk: Buffer) => {
      this.lastByteAt = performance.now();
      if (this.#head.length < MAX_HEAD) this.#head = Buffer.concat([this.#head, chunk]).subarray(0, MAX_HEAD);
    });
  }

  /** Text before the SSH identification line, or all of it when none came. */
  get text(): string {
    const text = this.#head.toString('latin1');
    const at = text.search(/^SSH-/m);
    return at < 0 ? text : text.slice(0, at);
  }

  get isSsh(): boolean {
    return /^SSH-/m.test(this.#head.toString('latin1'));
  }

  /** What the server offered to agree on, when its first packet came: key exchange and host key methods. */
  get offer(): string | null {
    const start = this.#head.toString('latin1').search(/^SSH-/m);
    const packet = this.#head.subarray(this.#head.indexOf('\n', Math.max(start, 0)) + 1);
    if (packet[5] !== KEXINIT) return null;
    try {
      const kexEnd = 26 + packet.readUInt32BE(22);
      const kex = packet.toString('latin1', 26, kexEnd);
      const keys = packet.toString('latin1', kexEnd + 4, kexEnd + 4 + packet.readUInt32BE(kexEnd));
      return `key exchange ${kex}; host keys ${keys}`;
    } catch {
      return null;
    }
  }
}

const MAX_HEAD = 8192;
/** RFC 4253, 7.1: the message number of the first packet. */
const KEXINIT = 20;
