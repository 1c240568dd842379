import { invitationIn, type FoundBundle } from '../../bundles/index.ts';
import { CommandError } from '../../commands/index.ts';
import { fingerprintWords, sameWords, wordOfNone, type OpenedIntroduction } from '../../identity/index.ts';
import {
  InstanceError,
  readInvitation,
  writeInvitation,
  type Instance,
  type Invitation,
} from '../../instance/index.ts';
import type { LinkRow } from '../../projections/index.ts';
import { readGivenText } from '../given/files.ts';

const invitationBytesMax = 256 * 1024;

/** The text of the invitation of a link, for a file or for the envelope of a bundle: the same each time. */
export function invitationText(
  { identity, keys }: Instance,
  { link, transport }: Pick<LinkRow, 'link' | 'transport'>,
): string {
  const hub =
    transport.kind === 'nats' && transport.hub ? { urls: transport.urls, ca: transport.ca } : undefined;
  return writeInvitation('invitation', link, identity.bytes, keys.signing, { hub });
}

/** The invitation or reply in a file, where it is not this instance's own. @throws InstanceError INVITATION_… */
export function readInvitationFile(
  instance: Instance,
  kind: 'invitation' | 'reply',
  path: string,
): Invitation {
  return notOurOwn(instance, readInvitation(kind, readGivenText(path, kind, invitationBytesMax), path), path);
}

/** @throws InstanceError INVITATION_OWN where this instance made it */
export function notOurOwn(instance: Instance, read: Invitation, path: string): Invitation {
  const { kind } = read;
  if (read.introduction.instanceId !== instance.identity.instanceId) return read;
  throw new InstanceError('INVITATION_OWN', `Cannot use ${kind} ${path}: this instance made it itself`, {
    hint: `Use it at the other side; check --data, which is ${instance.folder.root} here.`,
  });
}

/**
 * The invitation that an open bundle brings; undefined where it is sealed to one receiver.
 *
 * @throws InstanceError INVITATION_INVALID where it is of another link or of another instance than the bundle
 */
export function invitationOfBundle({ facts, parts, sender }: FoundBundle): Invitation | undefined {
  const text = invitationIn(facts);
  if (text === undefined) return undefined;
  const path = pathOf({ facts, parts });
  const read = readInvitation('invitation', text, path);
  const { link, introduction } = read;
  const isItsOwn =
    link === facts.link &&
    introduction.instanceId === facts.from.instance &&
    introduction.certificate.fingerprint === sender.fingerprint;
  if (isItsOwn) return read;
  throw new InstanceError(
    'INVITATION_INVALID',
    `Cannot use invitation ${path}: it is not that of the bundle it lies in`,
    { hint: 'Ask the other side for a new bundle.', details: { link, bundleLink: facts.link } },
  );
}

/**
 * The invitation that an open bundle brings to this instance; undefined where it is sealed to one receiver.
 *
 * @throws InstanceError INVITATION_INVALID, INVITATION_OWN where this instance made the bundle
 */
export function bundleInvitation(instance: Instance, bundle: FoundBundle): Invitation | undefined {
  const read = invitationOfBundle(bundle);
  return read && notOurOwn(instance, read, pathOf(bundle));
}

const pathOf = ({ facts, parts }: Pick<FoundBundle, 'facts' | 'parts'>): string =>
  [...parts.values()][0]?.path ?? `of bundle ${facts.number}`;

/** Throws where the words told by phone are not those of the introduction's certificate. */
export function refuseOtherWords(
  told: string,
  { chain, certificate, name }: OpenedIntroduction,
  doing: string,
): void {
  const found = fingerprintWords(chain[0]!);
  if (sameWords(told, found)) return;
  const stray = wordOfNone(told);
  if (stray !== undefined)
    throw new CommandError(
      'FINGERPRINT_DIFFERS',
      `Cannot ${doing}: ${stray.slice(0, 40)} is none of the words there are`,
      {
        hint: 'Ask how it is spelled: each of the six is an English word, of letters only. Nothing was stored.',
        details: { told, word: stray, fingerprint: certificate.fingerprint },
      },
    );
  throw new CommandError(
    'FINGERPRINT_DIFFERS',
    `Cannot ${doing}: the words told are not those of its certificate, which names ${name}`,
    {
      hint: 'Ask again by phone. If they still differ, somebody else made this file: nothing was stored.',
      // The words themselves are not said, so that they are really asked for.
      details: { told, fingerprint: certificate.fingerprint },
    },
  );
}
