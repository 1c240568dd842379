/** What all links at rest send together, however many there are: each head is a signature and a message. */
const headsPerSecondMax = 10;

/**
 * How long a link at rest waits between two heads, in milliseconds: as the settings say, and longer where there are so
 * many links that more than ten heads a second would leave. One where something changed sends its head at once.
 */
export function headEveryMs(headEverySeconds: number, links: number): number {
  return 1000 * Math.max(headEverySeconds, links / headsPerSecondMax);
}
