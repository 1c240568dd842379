// An invitation and the reply to it: a JSON text of four keys, {"format", "link", "introduction", "signature"}.
// `format` is "crossgap-invitation/1" or "crossgap-reply/1"; `introduction` is base64 of the introduction's bytes;
// `signature` is base64 of Ed25519, by the introduced instance key, over PAE of the format's media type and the
// lines "link" and "introduction" in hex.
//
// Where the two will meet at a NATS server of the inviting side, the invitation has the key "hub" too, of `urls` (one
// to 16, each where the server is reached) and `ca` (PEM of the one certificate that vouches for it; absent only where
// nothing but loopback is named), and the reply has "nkey", the public user key that the answering side signs in with.
// The signed text then has more lines: "ca " and the PEM in hex where there is one, "url " and each URL in hex, in
// order; or "nkey " and the key.
//
// There is no secret in it: it may be read by anybody, and what it claims is believed only after the words were
// compared.

import assert from 'node:assert/strict';
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

const common = {
  link: z.string().regex(/^[0-9a-f]{32}$/),
  introduction: z.base64(),
  signature: z.base64(),
};
const HubAddress = z.strictObject({
  urls: z
    .array(z.string().regex(/^[\x21-\x7e]{1,500}$/))
    .min(1)
    .max(16),
  ca: z
    .string()
    .max(16_384)
    .regex(/^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n$/)
    .optional(),
});
const userKey = /^U[A-Z2-7]{55}$/;
const InvitationFile = z.discriminatedUnion('format', [
  z.strictObject({ format: z.literal('crossgap-invitation/1'), ...common, hub: HubAddress.optional() }),
  z.strictObject({
    format: z.literal('crossgap-reply/1'),
    ...common,
    nkey: z.string().regex(userKey).optional(),
  }),
]);

/** Where the inviting side's NATS server is, and the certificate (PEM) that vouches for it. */
export type HubAddress = { readonly urls: readonly string[]; readonly ca?: string | undefined };

/** What stands in an invitation or reply besides who made it. */
export type InvitationExtra = { readonly hub?: HubAddress | undefined; readonly nkey?: string | undefined };

/** An invitation or reply whose introduction and signature hold. Who made it is not confirmed yet. */
export type Invitation = {
  readonly kind: InvitationKind;
  readonly link: string;
  readonly introductionBytes: Uint8Array;
  readonly introduction: OpenedIntroduction;
  /** Of an invitation: the server the two will meet at, where it is to be one. */
  readonly hub: HubAddress | undefined;
  /** Of a reply: with what its author signs in there. */
  readonly nkey: string | undefined;
};

/** The text of an invitation (which may name a hub), or of the reply to one (which may carry a key for it). */
export function writeInvitation(
  kind: InvitationKind,
  link: string,
  introduction: Uint8Array,
  signingKey: SigningKey,
  { hub, nkey }: InvitationExtra = {},
): string {
  assert(kind === 'invitation' ? nkey === undefined : hub === undefined);
  const signature = signingKey.sign(signedBytes(kind, link, introduction, { hub, nkey }));
  const file = {
    format: `crossgap-${kind}/1`,
    link,
    ...(hub && { hub: { urls: hub.urls, ...(hub.ca !== undefined && { ca: hub.ca }) } }),
    ...(nkey !== undefined && { nkey }),
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
  const { hub, nkey } = extraOf(file);
  const signed = signedBytes(kind, file.link, introductionBytes, { hub, nkey });
  if (!verify(null, signed, verifyingKey(introduction.signingKey), signature)) {
    throw new InstanceError('INVITATION_INVALID', `Cannot use ${kind} ${path}: its signature does not hold`, {
      hint: 'It was changed on the way: ask for the file again.',
    });
  }
  return { kind, link: file.link, introductionBytes, introduction, hub, nkey };
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

function extraOf(file: z.infer<typeof InvitationFile>): InvitationExtra {
  return file.format === 'crossgap-invitation/1' ? { hub: file.hub } : { nkey: file.nkey };
}

function signedBytes(
  kind: InvitationKind,
  link: string,
  introduction: Uint8Array,
  { hub, nkey }: InvitationExtra,
): Uint8Array {
  const hex = (content: string | Uint8Array): string => Buffer.from(content as string).toString('hex');
  const lines = [
    link,
    hex(introduction),
    ...(hub?.ca === undefined ? [] : [`ca ${hex(hub.ca)}`]),
    ...(hub?.urls ?? []).map((url) => `url ${hex(url)}`),
    ...(nkey === undefined ? [] : [`nkey ${nkey}`]),
  ];
  const text = lines.map((line) => `${line}\n`).join('');
  return preAuthEncoding(`application/vnd.crossgap.${kind}.v1`, Buffer.from(text));
}
