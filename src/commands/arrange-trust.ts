import { isDeepStrictEqual } from 'node:util';
import {
  RevocationImported,
  RevocationTold,
  TrustAdded,
  TrustDistrusted,
  TrustRemoved,
  TrustRequired,
  type EventOf,
  type RevocationPin,
  type TrustDemand,
} from '../events/index.ts';
import { atHome, told, type Decision } from './decision.ts';
import { CommandError } from './errors.ts';

/** A certificate as it is put on the list. */
export type TrustEntry = EventOf<typeof TrustAdded>['data'];

const sameEntry = (one: TrustEntry, other: TrustEntry): boolean =>
  isDeepStrictEqual({ ...one, certificate: null }, { ...other, certificate: null });

/**
 * Puts certificates on the list; what is on it in the same way already changes nothing. Those among them that were
 * `distrusted` are so no longer.
 */
export function addTrust(
  known: readonly TrustEntry[],
  wanted: readonly TrustEntry[],
  distrusted: readonly string[] = [],
): Decision {
  const again = new Set(
    wanted.map(({ fingerprint }) => fingerprint).filter((one) => distrusted.includes(one)),
  );
  return [
    ...[...again].map((fingerprint) =>
      atHome(TrustDistrusted.make({ fingerprint, certificate: null, on: false, reason: null })),
    ),
    ...wanted
      .filter((entry) => !known.some((one) => sameEntry(one, entry)))
      .map((entry) => atHome(TrustAdded.make(entry))),
  ];
}

/**
 * Takes a certificate off the list, named by its fingerprint or the beginning of one.
 *
 * @throws CommandError TRUST_ENTRY_UNKNOWN where none, or more than one, begins so
 */
export function removeTrust(
  known: readonly Pick<TrustEntry, 'fingerprint'>[],
  named: string,
  pinned: ReadonlyMap<string, string>,
): Decision {
  const wanted = named.toLowerCase().replaceAll(':', '');
  const begins = (fingerprint: string): boolean => wanted.length >= 8 && fingerprint.startsWith(wanted);
  const found = [...new Set(known.map(({ fingerprint }) => fingerprint))].filter(begins);
  if (found.length === 1) return [atHome(TrustRemoved.make({ fingerprint: found[0]! }))];
  const source = [...pinned].find(([fingerprint]) => begins(fingerprint))?.[1];
  const because =
    source !== undefined
      ? `it comes with ${source}, and was not added here`
      : found.length > 1
        ? `${found.length} on the list begin so`
        : 'none on the list is called so';
  throw new CommandError('TRUST_ENTRY_UNKNOWN', `Cannot remove ${named} from those trusted: ${because}`, {
    hint:
      source === undefined
        ? 'Name the fingerprint as `crossgap trust list` shows it, at least its first 8 digits.'
        : 'What a link pins goes with the link (`crossgap link remove NAME`); to use nothing by it and keep the link: `crossgap trust distrust FINGERPRINT`.',
    details: { fingerprint: named },
  });
}

/**
 * Has nothing believed any more by a certificate, named by its whole fingerprint (SHA-256), or by the beginning of that of
 * one that is `known` here. What is distrusted already changes nothing.
 *
 * @throws CommandError TRUST_ENTRY_UNKNOWN where none is known that begins so, or more than one
 */
export function distrust(
  known: readonly { readonly fingerprint: string; readonly certificate: Uint8Array | null }[],
  distrusted: readonly string[],
  { named, reason }: { readonly named: string; readonly reason: string | null },
): Decision {
  const wanted = named.toLowerCase().replaceAll(':', '');
  const begin = wanted.length >= 8 ? known.filter(({ fingerprint }) => fingerprint.startsWith(wanted)) : [];
  const found = new Set(begin.map(({ fingerprint }) => fingerprint));
  const [fingerprint = wanted] = found;
  if (found.size > 1 || !/^[0-9a-f]{64}$/.test(fingerprint))
    throw new CommandError(
      'TRUST_ENTRY_UNKNOWN',
      `Cannot distrust ${named}: ${found.size > 1 ? `${found.size} that are known here begin so` : 'no certificate that is known here begins so'}`,
      {
        hint: 'Name the fingerprint as `crossgap trust list` shows it, or all 64 digits of its SHA-256.',
        details: { fingerprint: named },
      },
    );
  if (distrusted.includes(fingerprint)) return [];
  const certificate = begin.find((one) => one.certificate !== null)?.certificate ?? null;
  return [atHome(TrustDistrusted.make({ fingerprint, certificate, on: true, reason }))];
}

/** Makes a demand on every package, or takes it back. */
export function demandTrust(
  known: readonly { readonly demand: TrustDemand; readonly days: number | null }[],
  wanted: { readonly demand: TrustDemand; readonly on: boolean; readonly days: number | null },
): Decision {
  const now = known.find(({ demand }) => demand === wanted.demand);
  const unchanged = wanted.on ? now?.days === wanted.days && now !== undefined : now === undefined;
  return unchanged ? [] : [atHome(TrustRequired.make(wanted))];
}

/** Takes a revocation list in, and hands it to receivers that were not told of it before. */
export function importRevocations(
  known: { readonly here: ReadonlySet<string>; readonly toldTo: ReadonlySet<string> },
  list: RevocationPin,
  receivers: readonly string[],
): Decision {
  return [
    ...(known.here.has(list.digest) ? [] : [atHome(RevocationImported.make(list))]),
    ...receivers
      .filter((link) => !known.toldTo.has(link))
      .map((link) => told(link, RevocationTold.make(list))),
  ];
}
