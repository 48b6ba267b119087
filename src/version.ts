import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** gpool's own version, of the package that this file is part of. */
export function readVersion(): string {
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory)) {
    const version = findVersion(directory);
    if (version !== undefined || directory === dirname(directory)) return version ?? 'unknown';
  }
}

function findVersion(directory: string): string | undefined {
  try {
    const text = readFileSync(resolve(directory, 'package.json'), 'utf8');
    const { version }: { version?: string } = JSON.parse(text);
    return version;
  } catch {
    return undefined;
  }
}
