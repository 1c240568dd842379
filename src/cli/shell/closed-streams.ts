/**
 * Who reads our output may stop before we do (`crossgap log show | head`), and a terminal may be closed; that is no failure.
 */
export function whenClosed(
  { stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>,
  act: () => void,
): void {
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
      act();
    });
  }
}
