import {
  LinkAccepted,
  LinkAnswered,
  LinkConfirmed,
  LinkInvited,
  LinkRemoved,
  type LinkTransport,
} from '../events/index.ts';
import { commandLine } from '../words.ts';
import { atHome, type Decision } from './decision.ts';
import { CommandError } from './errors.ts';

/** What pairing needs to know of a link that is there already. */
export type KnownLink = {
  readonly link: string;
  readonly name: string;
  readonly state: 'invited' | 'pending' | 'confirmed' | 'removed';
  readonly peer: string | null;
  /** With what the other side signs in to our NATS server, and how it introduced itself, where it answered. */
  readonly nkey?: string | null;
  readonly introduction?: Uint8Array | null;
};

/** Who is at the other end, as its verified introduction says. */
export type Peer = { readonly instanceId: string; readonly introduction: Uint8Array };

function refuseTakenName(links: readonly KnownLink[], name: string): void {
  if (name === 'self') {
    throw new CommandError('LINK_NAME_TAKEN', 'Cannot add link self: that name means this side itself', {
      hint: 'Choose another name.',
    });
  }
  const taken = links.find((link) => link.name === name && link.state !== 'removed');
  if (taken === undefined) return;
  throw new CommandError('LINK_NAME_TAKEN', `Cannot add link ${name}: a link of that name is there already`, {
    hint: `Choose another name, or end that one with \`${commandLine('link', 'remove', name)}\`.`,
    details: { link: taken.link, state: taken.state },
  });
}

/** A new invitation under a name of this side's choice. */
export function invite(
  links: readonly KnownLink[],
  intent: { link: string; name: string; transport: LinkTransport },
): Decision {
  refuseTakenName(links, intent.name);
  return [atHome(LinkInvited.make(intent))];
}

/** Takes an invitation in. Taking the same one in again changes nothing. */
export function acceptInvitation(
  links: readonly KnownLink[],
  intent: { link: string; name: string; transport: LinkTransport; peer: Peer },
): Decision {
  const known = links.find(({ link }) => link === intent.link);
  if (known !== undefined) {
    if (known.peer === intent.peer.instanceId && known.state !== 'removed') return [];
    throw alreadyPaired(known);
  }
  refuseTakenName(links, intent.name);
  const { link, name, transport, peer } = intent;
  return [
    atHome(
      LinkAccepted.make({ link, name, transport, peer: peer.instanceId, introduction: peer.introduction }),
    ),
  ];
}

/** A reply: whose it is, to which invitation, and the bundle that came in its place, where one did. */
export type Reply = {
  readonly link: string;
  readonly peer: Peer;
  readonly nkey?: string | undefined;
  readonly bundle?: { readonly id: string; readonly number: number } | undefined;
};

/**
 * The reply to an invitation of this side. The same reply again changes nothing, unless its author signs in with
 * another NATS key now: that one counts from here on, once the words were compared again.
 */
export function takeReply(
  links: readonly KnownLink[],
  intent: Reply,
): { decision: Decision; known: KnownLink } {
  const known = links.find(({ link }) => link === intent.link);
  if (known === undefined) {
    throw new CommandError('LINK_UNKNOWN', 'Cannot confirm this reply: it answers no invitation made here', {
      hint: 'Ask the other side for the reply to the invitation you sent, or invite it again.',
      details: { link: intent.link },
    });
  }
  const { instanceId, introduction } = intent.peer;
  const isFirst = known.state === 'invited';
  if (!isFirst && (known.peer !== instanceId || known.state === 'removed')) throw alreadyPaired(known);
  if (!isFirst && !bringsOtherKey(known, intent)) return { decision: [], known };
  const { link } = known;
  const { nkey, bundle } = intent;
  const more = { ...(nkey !== undefined && { nkey }), ...(bundle && { bundle: { ...bundle } }) };
  return {
    decision: [atHome(LinkAnswered.make({ link, peer: instanceId, introduction, ...more }))],
    known: { ...known, state: 'pending', peer: instanceId },
  };
}

/** Another introduction is no matter of the server's credentials: it stays as it was. */
function bringsOtherKey(
  known: KnownLink,
  { peer, nkey }: { peer: Peer; nkey?: string | undefined },
): boolean {
  const introduction = known.introduction ?? undefined;
  if (nkey === undefined || nkey === known.nkey || introduction === undefined) return false;
  return Buffer.from(introduction).equals(peer.introduction);
}

/** A person compared the words; `fingerprint` is the certificate's SHA-256 in hex. */
export function confirm(known: KnownLink, fingerprint: string): Decision {
  if (known.state === 'removed') throw alreadyPaired(known);
  if (known.state === 'confirmed') return [];
  return [atHome(LinkConfirmed.make({ link: known.link, fingerprint }))];
}

/** Ends a pairing; its history stays, nothing more is sent. */
export function removeLink(known: KnownLink): Decision {
  return known.state === 'removed' ? [] : [atHome(LinkRemoved.make({ link: known.link }))];
}

function alreadyPaired(known: KnownLink): CommandError {
  return new CommandError(
    'LINK_ALREADY_PAIRED',
    `Cannot pair link ${known.name}: it ${known.state === 'removed' ? 'was removed' : `is ${known.state} with another instance`}`,
    {
      hint: 'Make a new invitation; an invitation pairs exactly two instances, once.',
      details: { link: known.link, peer: known.peer },
    },
  );
}
