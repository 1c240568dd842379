/** What a terminal says of the address at which the guide is, for who sits at this machine and who does not. */
export function addressLines(url: string, { machine, account }: AddressFacts): readonly string[] {
  const { port } = new URL(url);
  return [
    'Open this address in a browser on this machine; it works once, for one browser:',
    '',
    `  ${url}`,
    '',
    'Over SSH, first run this where the browser is, then open the same address there:',
    '',
    `  ssh -L ${port}:127.0.0.1:${port} ${account}@${machine}`,
  ];
}

export type AddressFacts = {
  /** The name of this machine, as others reach it. */
  readonly machine: string;
  readonly account: string;
};
