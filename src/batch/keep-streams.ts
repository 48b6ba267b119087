import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { localPath } from '../bytes.js';
import { explainWrites } from '../journal/private-file.js';
import { descriptorOf } from '../spec/descriptor-path.js';
import type { JobSpec } from '../spec/job-spec.js';

/** The inputs that can be read only once, or mean something else to another process: FIFOs, `<(…)`, `/dev/stdin`, `/dev/null`. */
export async function findStreams(specs: readonly JobSpec[], cwd: string): Promise<readonly string[]> {
  const sources = new Set(specs.flatMap(({ files }) => files.map(({ source }) => source)));
  const found: string[] = [];
  for (const source of sources) if (await isStream(resolve(cwd, source))) found.push(source);
  return found;
}

/**
 * Reads each of these inputs to its end into `<batch directory>/inputs`, named by what it holds, and answers the specs that have
 * the copies in their place: each try of a job is given the same.
 */
export async function keepStreams(
  specs: readonly JobSpec[],
  streams: readonly string[],
  { cwd, directory }: { readonly cwd: string; readonly directory: string },
): Promise<readonly JobSpec[]> {
  if (streams.length === 0) return specs;
  const place = join(directory, 'inputs');
  const kept = new Map<string, string>();
  await explainWrites(place, async () => {
    await mkdir(place, { recursive: true, mode: 0o700 });
    for (const source of streams) kept.set(source, await keepStream(resolve(cwd, source), place));
  });
  return specs.map((spec) => replaceSources(spec, kept));
}

function replaceSources(spec: JobSpec, kept: ReadonlyMap<string, string>): JobSpec {
  if (!spec.files.some(({ source }) => kept.has(source))) return spec;
  const files = spec.files.map((file) => ({ ...file, source: kept.get(file.source) ?? file.source }));
  return { ...spec, files };
}

async function isStream(path: string): Promise<boolean> {
  if (path === '/dev/null') return true;
  const found = await stat(localPath(path)).catch(() => null);
  return found !== null && !found.isDirectory() && (descriptorOf(path) !== null || found.isFIFO());
}

async function keepStream(path: string, place: string): Promise<string> {
  const fd = descriptorOf(path);
  const hash = createHash('sha256');
  const part = join(place, `.part-${randomBytes(9).toString('hex')}`);
  // What is a socket can be read by its number only.
  const source =
    fd === null ? createReadStream(localPath(path)) : createReadStream('', { fd, autoClose: false });
  const digest = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(source, digest, createWriteStream(part, { flags: 'wx', mode: 0o600 }));
    const name = join(place, hash.digest('hex'));
    await rename(part, name);
    return name;
  } finally {
    await rm(part, { force: true });
  }
}
