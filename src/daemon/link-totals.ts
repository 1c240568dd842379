import type { Exchange } from '../sync/index.ts';

/** What went over a link while the daemon ran, in entries, and what of it was refused, each reason once. */
export type LinkTotal = {
  readonly link: string;
  readonly sent: number;
  readonly received: number;
  readonly refused: readonly string[];
};

/** More reasons tell nobody more, and how many there are is the other side's choice. */
const refusedMax = 1000;

/** Sums up exchanges by the name of their link. */
export function linkTotals(): { add(link: string, exchange: Exchange): void; all(): LinkTotal[] } {
  const totals = new Map<string, { sent: number; received: number; readonly refused: Set<string> }>();
  return {
    add(link, { entriesOut, entriesIn, refusals }) {
      const total = totals.get(link) ?? { sent: 0, received: 0, refused: new Set() };
      totals.set(link, total);
      total.sent += entriesOut;
      total.received += entriesIn;
      for (const refusal of refusals)
        if (total.refused.size < refusedMax) total.refused.add(inWords(refusal));
    },
    all: () => [...totals].map(([link, total]) => ({ link, ...total, refused: [...total.refused] })),
  };
}

function inWords({ what, code, message, parts }: Exchange['refusals'][number]): string {
  return [
    `${code} ${what}: ${message}`,
    ...(parts === undefined ? [] : [`changed: ${parts.join(', ')}`]),
  ].join('; ');
}
