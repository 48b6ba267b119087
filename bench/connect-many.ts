// A program of its own, so that its memory and its time are its own. Opens so many connections and prints, as JSON, what that
// cost: connect-many.js bare|ramp|shells|network SSH_CONFIG IDENTITY USER ROOT ADDRESS:PORT…
// bare: ssh2 alone, all at once; ramp: ssh2 alone, 32 at once; shells: gpool's connections; network: hosts that could run jobs.
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import PQueue from 'p-queue';
import ssh2 from 'ssh2';
import { createHostShell } from '../src/network/host-shell.js';
import { SshNetwork } from '../src/network/ssh-network.js';
import { parseHosts } from '../src/spec/inventory/parse-hosts.js';

/** What the program prints. */
export interface ConnectCost {
  /** Until all were up. */
  readonly seconds: number;
  /** More than before, by the process's resident memory. */
  readonly kbEach: number;
  /** Share of a core, percent, in which nothing was asked for. */
  readonly idlePercent: number;
}

type Close = () => Promise<unknown>;

const IDLE_MS = 10_000;
const [mode = '', configFile = '', identity = '', username = '', root = '', ...places] =
  process.argv.slice(2);

async function openBare(concurrency: number): Promise<Close> {
  const privateKey = await readFile(identity);
  const queue = new PQueue({ concurrency });
  const clients = await Promise.all(places.map((place) => queue.add(() => openClient(place, privateKey))));
  return async () => clients.forEach((client) => void client.destroy());
}

function openClient(place: string, privateKey: Buffer): Promise<ssh2.Client> {
  const [host = '', port = ''] = place.split(':');
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    const sock = connect({ host, port: Number(port), noDelay: true });
    const cipher = ['aes128-gcm@openssh.com'] as const;
    client.once('ready', () => resolve(client)).on('error', reject);
    client.connect({ sock, username, privateKey, readyTimeout: 0, algorithms: { cipher: [...cipher] } });
  });
}

/** The hosts are aliases c1, c2, … of the configuration. */
function listHosts(): readonly string[] {
  return places.map((_, at) => `1/c${at + 1}`);
}

async function openShells(): Promise<Close> {
  const options = { configFile };
  const shells = parseHosts(listHosts()).map((host) => createHostShell(host, options));
  await Promise.all(shells.map((shell) => shell.open()));
  return () => Promise.all(shells.map((shell) => shell.close()));
}

async function openNetwork(): Promise<Close> {
  const network = new SshNetwork({ hosts: listHosts(), configFile, resultsDir: root });
  let ready = 0;
  network.subscribe((event) => {
    if (event.type === 'host.ready') ready += 1;
    if (event.type === 'host.failed' || event.type === 'host.lost')
      process.stderr.write(`${event.fault.what}\n`);
  });
  await network.open({ batch: `connect-${process.pid}` });
  if (ready !== places.length) throw new Error(`${ready} of ${places.length} hosts are ready`);
  return () => network.close({ cleanup: true });
}

const MODES: Readonly<Record<string, () => Promise<Close>>> = {
  bare: () => openBare(Number.POSITIVE_INFINITY),
  ramp: () => openBare(32),
  shells: openShells,
  network: openNetwork,
};

const open = MODES[mode];
if (!open) throw new Error(`there is no way to connect called ${mode}`);
const before = process.memoryUsage.rss();
const started = performance.now();
const close = await open();
const seconds = (performance.now() - started) / 1000;
await sleep(1000);
const kbEach = (process.memoryUsage.rss() - before) / 1024 / places.length;
const used = process.cpuUsage();
const idling = performance.now();
await sleep(IDLE_MS);
const { user, system } = process.cpuUsage(used);
const idlePercent = (user + system) / 10 / (performance.now() - idling);
await close();
const cost: ConnectCost = { seconds, kbEach, idlePercent };
process.stdout.write(`${JSON.stringify(cost)}\n`);
