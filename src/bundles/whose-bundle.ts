import {
  decodeBody,
  FeedOpened,
  feedId,
  headerBytes,
  readHeader,
  verifyEntry,
  type SealedEntry,
} from '../events/index.ts';
import { openIntroduction, verifyingKey } from '../identity/index.ts';
import { commandLine } from '../words.ts';
import { recordReader } from './bundle-records.ts';
import { BundleError } from './errors.ts';
import type { Importer, ReceivingLink } from './importer.ts';
import { malformed } from './malformed.ts';
import type { OpenBundle } from './open-bundle.ts';
import type { FoundBundle } from './scan.ts';

/**
 * The link a bundle came by: its other end made the bundle, or nobody answered the invitation yet.
 *
 * @throws {BundleError} BUNDLE_NOT_FOR_US, BUNDLE_SENDER_UNKNOWN, BUNDLE_LINK_ANSWERED
 */
export function linkOf(found: FoundBundle, importer: Importer): ReceivingLink {
  const { facts } = found;
  const link = importer.link(facts.link);
  if (facts.format === 2) {
    if (facts.from.instance === importer.instance) throw madeHere(found, importer);
    if (link === undefined) throw invitationNotTaken(found, importer);
    if (link.peer === facts.from.instance) return link;
    throw senderUnknown(found, importer);
  }
  if (facts.to.instance !== importer.instance)
    throw new BundleError(
      'BUNDLE_NOT_FOR_US',
      `Cannot take in bundle ${facts.number} from ${facts.from.name}: it is for ${facts.to.name} (${facts.to.words}), and this is ${importer.name}`,
      {
        hint: 'Carry it to whom it is for; or let this instance pass it on: crossgap bundle relay allow --for NAME.',
        details: { ...told(found), receiver: facts.to.words },
      },
    );
  if (link === undefined) throw senderUnknown(found, importer);
  if (link.peer === null || link.peer === facts.from.instance) return link;
  throw answeredByOther(found, link);
}

function told({ facts: { number, id, from, to }, sender }: FoundBundle): Record<string, unknown> {
  return { bundle: number, id, from: from.name, to: to.name, words: sender.words };
}

function senderUnknown(found: FoundBundle, importer: Importer): BundleError {
  const { facts, sender } = found;
  const { number, from } = facts;
  const { words, subject, fingerprint } = sender;
  const former = importer.formerLink(facts.link);
  const removed = former === undefined ? '' : `; link ${former}, which it names, was removed here`;
  return new BundleError(
    'BUNDLE_SENDER_UNKNOWN',
    `Cannot take in bundle ${number}: ${from.name} is not paired with this instance (its certificate is ${subject}, words: ${words})${removed}`,
    {
      hint:
        former === undefined
          ? 'If you expect bundles from there, compare these words by telephone and pair first: crossgap link accept INVITATION.'
          : 'If you expect bundles from there, pair anew: crossgap link invite NAME --by-hand --out FILE.',
      details: { ...told(found), subject, fingerprint, ...(former !== undefined && { removed: former }) },
    },
  );
}

/** The bundle brings the invitation itself: that is taken in first, by who compared the words. */
function invitationNotTaken(found: FoundBundle, importer: Importer): BundleError {
  const { facts, sender } = found;
  const former = importer.formerLink(facts.link);
  if (former !== undefined) return senderUnknown(found, importer);
  const path = [...found.parts.values()][0]?.path ?? 'BUNDLE';
  return new BundleError(
    'BUNDLE_SENDER_UNKNOWN',
    `Cannot take in bundle ${facts.number}: it is for whoever takes the invitation of ${facts.from.name} in, and this instance has not (its certificate is ${sender.subject}, words: ${sender.words})`,
    {
      hint: `Compare these words by telephone, then take the invitation in from the bundle itself: ${commandLine('link', 'accept', path, '--fingerprint', 'SIX WORDS')}.`,
      details: { ...told(found), subject: sender.subject, fingerprint: sender.fingerprint },
    },
  );
}

function madeHere(found: FoundBundle, importer: Importer): BundleError {
  const { facts } = found;
  return new BundleError(
    'BUNDLE_NOT_FOR_US',
    `Cannot take in bundle ${facts.number} for ${facts.to.name}: it was made here, by ${importer.name}`,
    { hint: 'Carry it to whom it is for.', details: told(found) },
  );
}

/** An invitation pairs two instances, once: who comes second is not who answered. */
function answeredByOther(found: FoundBundle, { name, words, peer }: ReceivingLink): BundleError {
  const { facts, sender } = found;
  return new BundleError(
    'BUNDLE_LINK_ANSWERED',
    `Cannot take in bundle ${facts.number} from ${facts.from.name} (words: ${sender.words}): link ${name} was answered by another instance (words: ${words ?? 'unknown'})`,
    {
      hint: `Ask by telephone which words are theirs. If it is these, end the link with \`${commandLine('link', 'remove', name)}\` and invite them anew; nothing of this bundle was taken in.`,
      details: { ...told(found), link: name, answeredBy: { instance: peer, words } },
    },
  );
}

/**
 * Takes the sender in as who answers, once its first entry shows that it writes to this very link. It is introduced as
 * that entry does it: whatever changed since, entries behind it announce.
 */
export async function takeAnswer(opened: OpenBundle, link: ReceivingLink): Promise<void> {
  const { found } = opened;
  const { id, number, link: linkId, from } = found.facts;
  const [first] = (await recordReader(opened).nextEntries())?.entries ?? [];
  const introduction = first && introductionIn(first, { author: from.instance, link: linkId });
  if (introduction === undefined)
    throw malformed(found, `it claims to answer the invitation of link ${link.name}, and nothing in it does`);
  link.answer({ instance: from.instance, introduction, bundle: { id, number } });
}

/** By which introduction an author opens its feed for a link; undefined where an entry does not, or is not its own. */
function introductionIn(
  entry: SealedEntry,
  { author, link }: { readonly author: string; readonly link: string },
): Uint8Array | undefined {
  const { type, schemaVersion, audience, feed } = readHeader(entry.bytes);
  const isMeant = type === FeedOpened.name && audience === link && feed === feedId(author, link);
  if (!isMeant || schemaVersion > FeedOpened.version) return undefined;
  const { introduction } = FeedOpened.read(schemaVersion, decodeBody(entry.bytes.subarray(headerBytes)));
  const { instanceId, signingKey } = openIntroduction(introduction);
  const isOwn = instanceId === author && verifyEntry(entry, verifyingKey(signingKey));
  return isOwn ? introduction : undefined;
}
