import { HostError } from '../../errors.js';
import type { HostFacts } from '../../events/event.js';
import { unescapeField } from './escape.js';

/**
 * Reads what the `probe` verb printed.
 *
 * @throws HostError E_PROTOCOL when a needed value is missing or no number.
 */
export function parseProbe(text: string, where: string): HostFacts {
  const values = new Map(text.split('\n').map((line) => cut(line.slice(0, 4096))));
  const need = (name: string, form: RegExp) => {
    const value = values.get(name) ?? '';
    if (form.test(value)) return value;
    throw new HostError('E_PROTOCOL', { what: `the probe gave no usable ${name}`, where });
  };
  return {
    cores: Math.max(1, Number(need('cores', /^\d{1,6}$/))),
    bash: need('bash', /^[\x20-\x7e]{1,64}$/),
    memoryKb: Number(need('memory_kb', /^\d{1,15}$/)),
    bootId: need('boot_id', /^[0-9A-Za-z-]{1,64}$/),
    hostname: (values.get('hostname') ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, 255),
    warnings: warnings(values),
    ...mountOf(values, where),
  };
}

function mountOf(values: ReadonlyMap<string, string>, where: string): Pick<HostFacts, 'mount'> {
  const mount = unescapeField(values.get('mount') ?? '', where);
  return mount.startsWith('/') ? { mount } : {};
}

function warnings(values: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  if (values.get('killuserprocesses') === 'yes') {
    found.push('systemd ends your processes at logout there: run `loginctl enable-linger` on it once');
  }
  if (values.get('setsid') === 'no')
    found.push('setsid is missing there: a job that leaves its process group is not found again');
  const freeKb = values.get('disk_free_kb') ?? '';
  if (/^\d+$/.test(freeKb) && Number(freeKb) < LOW_DISK_KB)
    found.push('less than 100 MB is free under its root directory');
  if (values.get('inodes_free') === '0') found.push('no inode is free under its root directory');
  return found;
}

function cut(line: string): [string, string] {
  const tab = line.indexOf('\t');
  return tab < 0 ? [line, ''] : [line.slice(0, tab), line.slice(tab + 1)];
}

const LOW_DISK_KB = 100 * 1024;
