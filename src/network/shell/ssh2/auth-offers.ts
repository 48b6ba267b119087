import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import { HostError } from '../../../errors.js';
import { type AgentKey, listAgentKeys } from './agent-keys.js';
import { type KeyFile, publicPart, readKeyFile, unlockKeyFile } from './key-file.js';
import { fingerprint } from './known-hosts.js';
import type { PromptDesk } from './prompt-desk.js';
import type { IdentityFile, SshTarget } from './ssh-target.js';

/** A key that may be offered to the server. */
export interface KeyOffer {
  /** For messages: `key /home/me/.ssh/id_ed25519`. */
  readonly label: string;
  /** Makes it ready; a passphrase is asked for here, when its turn has come. */
  readonly method: () => Promise<AnyAuthMethod>;
}

/**
 * Collects the keys to offer, before any connection: keys that the configuration names, the agent's other keys, the usual files. At
 * most five, because a server counts each offer as a failed try.
 *
 * @throws HostError E_KEY for a named key that cannot be used.
 */
export async function collectOffers(target: SshTarget, desk: PromptDesk | undefined): Promise<KeyOffer[]> {
  if (!target.methods.has('publickey')) return [];
  const agent = target.agentSocket === null ? [] : await listAgentKeys(target.agentSocket).catch(() => null);
  const files = target.identityFiles.flatMap((file) => offerFile(file, agent ?? [], target, desk));
  const [named, usual] = [files.filter((offer) => offer.named), files.filter((offer) => !offer.named)];
  const others = target.identitiesOnly
    ? []
    : (agent ?? []).map((key) => ({ ...agentOffer(key, target.user), key: key.publicKey }));
  const offers = withoutRepeats([...named, ...others, ...usual]).slice(0, MAX_OFFERS);
  if (offers.length === 0 && desk === undefined && agent === null)
    throw new HostError('E_KEY', {
      what: 'the ssh-agent does not answer and there is no other key',
      where: target.agentSocket ?? 'ssh-agent',
    });
  return offers;
}

interface FileOffer extends KeyOffer {
  readonly named: boolean;
  readonly key: ParsedKey | null;
}

function offerFile(
  { path, named }: IdentityFile,
  agent: readonly AgentKey[],
  target: SshTarget,
  desk: PromptDesk | undefined,
): FileOffer[] {
  let file: KeyFile | null;
  try {
    file = readKeyFile(path);
  } catch (error) {
    if (named) throw error;
    return [];
  }
  if (file === null) return [];
  const key = file.kind === 'plain' ? file.key : publicPart(file);
  const held = agent.find(({ publicKey }) => key?.getPublicSSH().equals(publicKey.getPublicSSH()));
  if (held) return [{ ...agentOffer(held, target.user), named, key }];
  if (file.exposed && named) throw file.exposed;
  if (file.exposed) return [];
  if (file.kind === 'encrypted' && desk === undefined && !named) return [];
  if (file.kind === 'encrypted' && desk === undefined)
    throw new HostError('E_KEY', {
      what: 'the private key has a passphrase and nobody can be asked for it',
      where: path,
    });
  return [{ label: `key ${path}`, named, key, method: () => fileMethod(file, target, desk) }];
}

async function fileMethod(
  file: KeyFile,
  { user, where }: SshTarget,
  desk: PromptDesk | undefined,
): Promise<AnyAuthMethod> {
  return { type: 'publickey', username: user, key: withoutSha1(await unlockKeyFile(file, desk), where) };
}

function agentOffer({ publicKey, agent }: AgentKey, username: string): KeyOffer {
  const label = `agent key ${fingerprint(publicKey.getPublicSSH())}`;
  return { label, method: async () => ({ type: 'agent', username, agent }) };
}

/** ssh2 signs with SHA-1 for a server that names no better algorithm; we do not. */
function withoutSha1(key: ParsedKey, where: string): ParsedKey {
  if (key.type !== 'ssh-rsa') return key;
  const safe: ParsedKey = Object.create(key);
  safe.sign = (data, algorithm) => {
    if (algorithm === 'sha1')
      throw new HostError('E_KEX', { what: 'it takes RSA keys only with SHA-1 signatures', where });
    return key.sign(data, algorithm);
  };
  return safe;
}

function withoutRepeats<T extends { readonly key: ParsedKey | null }>(offers: readonly T[]): T[] {
  const seen = new Set<string>();
  return offers.filter(({ key }) => {
    const id = key?.getPublicSSH().toString('base64');
    if (id === undefined) return true;
    return !seen.has(id) && seen.add(id);
  });
}

const MAX_OFFERS = 5;
