/** A host in a sentence: a colon means this machine, and reads badly there. */
export function nameHost(name: string): string {
  return name === ':' ? 'this machine' : name;
}
