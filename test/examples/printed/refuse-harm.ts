/** What no printed command may be, whoever runs it: each of these could change a machine that is not the test's. */
const HARMFUL: readonly (readonly [RegExp, string])[] = [
  [/\bhostname\s+(?![;&|'"]|$)/, 'hostname with an argument renames a machine'],
  [/\brm\b/, 'rm'],
  [/\b(kill|pkill|killall|shutdown|reboot|halt|poweroff|init)\s+(-|\d|now)/, 'ends processes or a machine'],
  [/\b(sudo|su|doas)\b/, 'becomes somebody else'],
  [/\b(dd|mkfs\S*|mount|umount|chown|chmod|mv|crontab|useradd|userdel)\s/, 'changes what is not its own'],
  [/>\s*\/(?!dev\/(null|stdout|stderr)\b)/, 'writes outside of its directory'],
  [/--force\b/, 'throws away what others have'],
];

/** The reason why this command must not be run, or undefined. */
export function findHarm(command: string): string | undefined {
  return HARMFUL.find(([pattern]) => pattern.test(command))?.[1];
}
