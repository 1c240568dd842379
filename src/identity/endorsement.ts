import { sign, verify, X509Certificate } from 'node:crypto';
import type { CompanyCertificate } from './certificate.ts';
import { IdentityError } from './errors.ts';
import { openIntroduction, type OpenedIntroduction } from './introduction.ts';
import { preAuthEncoding } from './pae.ts';
import { verifyingKey } from './public-key.ts';
import type { SigningKey } from './signing-key.ts';
import { isSiteCertificate } from './site-certificate.ts';

export const endorsementType = 'application/vnd.crossgap.endorsement.v1';
export const siteEndorsementType = 'application/vnd.crossgap.site-endorsement.v1';

/** An introduction that takes the place of another; `endorsement` where its certificate is a new one. */
export type Successor = { readonly introduction: Uint8Array; readonly endorsement?: Uint8Array | undefined };

/** By this signature a company certificate says: whom this introduction names, and its certificate, come after me. */
export function endorse(introduction: Uint8Array, before: CompanyCertificate): Uint8Array {
  return sign('sha256', preAuthEncoding(endorsementType, introduction), before.privateKey);
}

/**
 * The same for a site whose certificate was made on the spot. Nobody holds the key of that, so the instance key speaks:
 * whoever has it could sign anything in the name of the site before, too.
 */
export function endorseFromSite(introduction: Uint8Array, instanceKey: SigningKey): Uint8Array {
  return instanceKey.sign(preAuthEncoding(siteEndorsementType, introduction));
}

/**
 * Checks that an introduction may take the place of `before`: the same instance, issued later, and signed by the same
 * company certificate or by one which that certificate endorsed; in the place of a certificate made at a site, by one
 * which the instance key endorsed.
 *
 * @throws {IdentityError} INTRODUCTION_SUPERSEDED, CERTIFICATE_NOT_PINNED, ENDORSEMENT_INVALID, and what
 * `openIntroduction` finds wrong
 */
export function openSuccessor(
  { introduction, endorsement }: Successor,
  before: OpenedIntroduction,
): OpenedIntroduction {
  const known = before.certificate.fingerprint;
  const opened = openIntroduction(introduction, endorsement === undefined ? known : undefined);
  if (opened.instanceId !== before.instanceId)
    throw superseded(`it introduces ${opened.instanceId} instead of ${before.instanceId}`, opened, before);
  if (opened.issuedAt <= before.issuedAt)
    throw superseded('it was issued no later than the one in force', opened, before);
  if (endorsement === undefined || opened.certificate.fingerprint === known) return opened;
  const key = new X509Certificate(before.chain[0]!).publicKey;
  if (verify('sha256', preAuthEncoding(endorsementType, introduction), key, endorsement)) return opened;
  const fromSite = preAuthEncoding(siteEndorsementType, introduction);
  const isOfSite = isSiteCertificate(before.chain[0]!) && !isSiteCertificate(opened.chain[0]!);
  if (isOfSite && verify(null, fromSite, verifyingKey(before.signingKey), endorsement)) return opened;
  throw new IdentityError(
    'ENDORSEMENT_INVALID',
    'Cannot trust the introduction: the certificate before did not endorse its new certificate',
    {
      hint: 'Ask the other side to rotate again with both certificates, its present one and the new one.',
      details: { before: known, found: opened.certificate.fingerprint },
    },
  );
}

function superseded(why: string, opened: OpenedIntroduction, before: OpenedIntroduction): IdentityError {
  return new IdentityError('INTRODUCTION_SUPERSEDED', `Cannot put an introduction in force: ${why}`, {
    hint: 'An earlier introduction that comes again is not believed; the present one stays in force.',
    details: { issuedAt: opened.issuedAt, inForceSince: before.issuedAt, instanceId: opened.instanceId },
  });
}
