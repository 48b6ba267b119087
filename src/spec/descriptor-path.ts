/** The number of an open file of this process that a path names: `/dev/stdin`, `/dev/fd/63`. Null for any other path. */
export function descriptorOf(path: string): number | null {
  if (path === '/dev/stdin') return 0;
  const [, digits] = /^\/(?:dev|proc\/self)\/fd\/(\d{1,9})$/.exec(path) ?? [];
  return digits === undefined ? null : Number(digits);
}
