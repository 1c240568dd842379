/** What stands for a value that is not known: no real value looks like it. */
export function standInFor(name: string): string {
  return `‹${name}›`;
}
