// An invitation and the reply to it: a JSON text of four keys, {"format", "link", "introduction", "signature"}.
// `format` is "crossgap-invitation/1" or "crossgap-reply/1"; `introduction` is base64 of the introduction's bytes;
// `signature` is base64 of Ed25519, by the introduced instance key, over PAE of the format's media type and the
// lines "link" and "introduction" in hex. There is no secret in it: it may be read by anybody, and what it claims
// is believed only after the words were compared.

import { verify } from 'node:crypto';
import { z } from 'zod';
import {
  IdentityError,
  openIntroduction,
  preAuthEncoding,
  verifyingKey,
  type OpenedIntroduction,
  type SigningKey,
} from '../identity/index.ts';
import { InstanceError } from './errors.ts';

export type InvitationKind = 'invitation' | 'reply';

const InvitationFile = z.strictObject({
  format: z.enum(['crossgap-invitation/1', 'crossgap-reply/1']),
  link: z.string().regex(/^[0-9a-f]{32}$/),
  introduction: z.base64(),
  signature: z.base64(),
});

/** An invitation or reply whose introduction and signature hold. Who made it is not confirmed yet. */
export type Invitation = {
  readonly kind: InvitationKind;
  readonly link: string;
  readonly introductionBytes: Uint8Array;
  readonly introduction: OpenedIntroduction;
};

/** The text of an invitation, or of the reply to one. */
export function writeInvitation(
  kind: InvitationKind,
  link: string,
  introduction: Uint8Array,
  signingKey: SigningKey,
): string {
  const signature = signingKey.sign(signedBytes(kind, link, introduction));
  const file = {
    format: `crossgap-${kind}/1`,
    link,
    introduction: Buffer.from(introduction).toString('base64'),
    signature: Buffer.from(signature).toString('base64'),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * The invitation or reply in `text`.
 *
 * @throws InstanceError INVITATION_INVALID where it is none, is of the other kind, was changed on the way, or its
 * introduction does not hold.
 */
export function readInvitation(kind: InvitationKind, text: string, path: string): Invitation {
  const file = parse(text);
  if (file === undefined || file.format !== `crossgap-${kind}/1`) {
    const is =
      file === undefined ? 'it is no invitation or reply of crossgap' : `it is of format ${file.format}`;
    throw new InstanceError('INVITATION_INVALID', `Cannot read ${kind} ${path}: ${is}`, {
      hint:
        kind === 'invitation'
          ? 'Use the file that `crossgap link invite` wrote at the other side.'
          : 'Use the file that `crossgap link accept` wrote at the other side.',
    });
  }
  const introductionBytes = new Uint8Array(Buffer.from(file.introduction, 'base64'));
  const introduction = openNamed(kind, path, introductionBytes);
  const signature = Buffer.from(file.signature, 'base64');
  const signed = signedBytes(kind, file.link, introductionBytes);
  if (!verify(null, signed, verifyingKey(introduction.signingKey), signature)) {
    throw new InstanceError('INVITATION_INVALID', `Cannot use ${kind} ${path}: its signature does not hold`, {
      hint: 'It was changed on the way: ask for the file again.',
    });
  }
  return { kind, link: file.link, introductionBytes, introduction };
}

/** The introduction of a file, or what is wrong with it, said of that file. */
function openNamed(kind: InvitationKind, path: string, bytes: Uint8Array): OpenedIntroduction {
  try {
    return openIntroduction(bytes);
  } catch (cause) {
    if (!(cause instanceof IdentityError)) throw cause;
    const { code, hint, details } = cause;
    const why = `c${cause.message.slice(1)}`;
    throw new InstanceError(
      'INVITATION_INVALID',
      `Cannot use ${kind} ${path}: its introduction does not hold (${why})`,
      { hint, details: { ...details, reason: code }, cause },
    );
  }
}

function parse(text: string): z.infer<typeof InvitationFile> | undefined {
  try {
    return InvitationFile.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function signedBytes(kind: InvitationKind, link: string, introduction: Uint8Array): Uint8Array {
  const text = `${link}\n${Buffer.from(introduction).toString('hex')}\n`;
  return preAuthEncoding(`application/vnd.crossgap.${kind}.v1`, Buffer.from(text));
}
