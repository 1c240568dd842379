import { z } from 'zod';
import { bytes, defineEvent } from './define-event.ts';

/** 16 bytes as lower-case hex: an instance or a link. */
export const Id = z.string().regex(/^[0-9a-f]{32}$/);
/** A SHA-256 as lower-case hex. */
export const Digest = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * How this side reaches the other; each side has its own, and it never leaves the self feed: a folder both reach, a
 * NATS server (`hub` at the side whose server it is; `ca` is the PEM text that vouches for it), or bundles by hand.
 */
export const LinkTransport = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('folder'), folder: z.string().min(1) }),
  z.strictObject({
    kind: z.literal('nats'),
    hub: z.boolean(),
    urls: z.array(z.string().min(1)).min(1).max(16),
    ca: z.string().min(1).optional(),
  }),
  z.strictObject({ kind: z.literal('hand') }),
]);
export type LinkTransport = z.infer<typeof LinkTransport>;

/** This side made an invitation; who answers it is not known yet. */
export const LinkInvited = defineEvent(
  'link.invited',
  z.strictObject({ link: Id, name: z.string().min(1), transport: LinkTransport }),
);

/** This side took an invitation in. Until the words are compared, nothing from there is executable. */
export const LinkAccepted = defineEvent(
  'link.accepted',
  z.strictObject({
    link: Id,
    name: z.string().min(1),
    transport: LinkTransport,
    peer: Id,
    introduction: bytes,
  }),
);

/** The public half of the key with which an instance signs in to a NATS server; it grants no trust beyond that. */
export const UserNkey = z.string().regex(/^U[A-Z2-7]{55}$/);

/** The reply to this side's invitation came in, with the other side's introduction. */
export const LinkAnswered = defineEvent(
  'link.answered',
  z.strictObject({ link: Id, peer: Id, introduction: bytes, nkey: UserNkey.optional() }),
).next(
  // Version 2: a bundle from whoever answers is a reply too.
  z.strictObject({
    link: Id,
    peer: Id,
    introduction: bytes,
    nkey: UserNkey.optional(),
    bundle: z.strictObject({ id: Id, number: z.int().min(1) }).optional(),
  }),
  (data) => data,
);

/** A person compared the words: the certificate with this SHA-256 fingerprint is the other side's. */
export const LinkConfirmed = defineEvent('link.confirmed', z.strictObject({ link: Id, fingerprint: Digest }));

/** The pairing ended; its history stays. */
export const LinkRemoved = defineEvent('link.removed', z.strictObject({ link: Id }));

/**
 * "Your key signed two things for this place that exclude each other": the entries, as far as one entry can carry them, or
 * the head that names another one. Its author believes none of it before the signatures fit.
 */
export const ForkFound = defineEvent(
  'fork.found',
  z.strictObject({
    epoch: z.int().min(1),
    seq: z.int().min(1),
    entries: z.array(z.strictObject({ bytes, signature: bytes })).max(2),
    head: bytes.optional(),
  }),
);

/**
 * "I hold your feed up to this point, these blobs whole, and these not as announced." Not receipted itself.
 *
 * `holds` lists the newest blobs that came whole (a blob once reported need not be reported again); `refused` those
 * whose bytes differed from what was announced, with the parts that did; `attempt` counts the refusals of a blob, and
 * after a `final` one it is not wanted again, because its digest was right and its content is not to be believed.
 */
export const ReceiptGiven = defineEvent(
  'receipt.given',
  z.strictObject({
    epoch: z.int().min(0),
    seq: z.int().min(0),
    hash: Digest,
    holds: z.array(Digest).max(500),
    refused: z
      .array(
        z.strictObject({
          digest: Digest,
          attempt: z.int().min(1),
          final: z.boolean(),
          parts: z.array(z.string()).max(20),
        }),
      )
      .max(50),
  }),
);
