import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where packets are lost. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Rules of our own in the kernel's packet filter, in a chain that no other process uses. Needs root and iptables. */
export class Firewall {
  readonly #chain = `GPOOL-${process.pid}`;
  #isOpen = false;

  async open(): Promise<void> {
    await iptables('-N', this.#chain);
    this.#isOpen = true;
    await iptables('-I', 'INPUT', '-j', this.#chain);
  }

  /** Nothing to or from there gets through. */
  partition(endpoint: Endpoint): Promise<void> {
    return this.#add(endpoint, []);
  }

  /** Each packet to or from there is lost with this probability. */
  lose(endpoint: Endpoint, probability: number): Promise<void> {
    return this.#add(endpoint, ['-m', 'statistic', '--mode', 'random', '--probability', String(probability)]);
  }

  /** Takes back every rule about this endpoint. */
  async heal(endpoint: Endpoint): Promise<void> {
    for (const side of sides(endpoint)) {
      for (const rule of await this.#rules()) {
        if (side.every((word) => rule.includes(word))) await iptables('-D', this.#chain, ...rule);
      }
    }
  }

  healAll(): Promise<void> {
    return iptables('-F', this.#chain);
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    await iptables('-D', 'INPUT', '-j', this.#chain);
    await iptables('-F', this.#chain);
    await iptables('-X', this.#chain);
  }

  async #add(endpoint: Endpoint, match: readonly string[]): Promise<void> {
    for (const side of sides(endpoint)) await iptables('-A', this.#chain, ...side, ...match, '-j', 'DROP');
  }

  /** The rules as the words that made them. */
  async #rules(): Promise<string[][]> {
    const { stdout } = await run('iptables', ['-w', '-S', this.#chain]);
    const lines = stdout.split('\n').filter((line) => line.startsWith('-A'));
    return lines.map((line) => line.trim().split(' ').slice(2));
  }
}

/** Both directions; written as iptables prints them. */
function sides({ address, port }: Endpoint): string[][] {
  return [
    ['-d', `${address}/32`, '-p', 'tcp', '-m', 'tcp', '--dport', String(port)],
    ['-s', `${address}/32`, '-p', 'tcp', '-m', 'tcp', '--sport', String(port)],
  ];
}

async function iptables(...words: readonly string[]): Promise<void> {
  await run('iptables', ['-w', ...words]);
}
