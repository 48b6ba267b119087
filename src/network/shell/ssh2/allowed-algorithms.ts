import { HostError } from '../../../errors.js';

/**
 * Those of our algorithms that the user's ssh would use, too, in our order.
 *
 * @throws HostError E_KEX when none is left: the user's list holds, also where we know nothing of it.
 */
export function allowedOf<Name extends string>(
  ours: readonly Name[],
  allowed: readonly string[] | undefined,
  setting: string,
  where: string,
): Name[] {
  const left = ours.filter((name) => allowed?.includes(name) ?? true);
  if (left.length > 0) return left;
  throw new HostError('E_KEX', {
    what: `${setting} of your ssh_config allows nothing that the ssh2 transport can do`,
    where,
    next: 'Use --transport openssh for this host.',
  });
}
