/**
 * A repository's countersignature: a signature over the primary signature, carried beside it as an attribute that the
 * author did not sign, with its certificates among those of the whole message.
 */
import { Attribute } from '@peculiar/asn1-cms';
import { PackageError } from '../errors.ts';
import { encodedAttribute, withUnsigned } from './added-to-cms.ts';
import { requireUnaltered, type NewSignature } from './build-signature.ts';
import { readAs, readCms, readSigner, type CmsSigner } from './cms.ts';
import { commitmentsOf } from './judge-signer.ts';
import { oids } from './oids.ts';
import { requireUsable, signerChain, signWith } from './package-signer.ts';
import { attribute, bytesToSign, signerInfo, type SigningRole, type Statement } from './signer-info.ts';

/** A countersignature to be made: like a signature in its own right, but over another one. */
export type NewCountersignature = Omit<NewSignature, 'digest' | 'role'> & {
  readonly role: Extract<SigningRole, { kind: 'repository' }>;
  /** Takes the place of a repository's countersignature that is there. */
  readonly replace: boolean;
};

/**
 * The signature `primary` with a countersignature; the author's part of it stays as it is.
 *
 * Errors: `PACKAGE_ALREADY_COUNTERSIGNED` (NU3032, NU3033), `PACKAGE_CERTIFICATE_UNUSABLE`, `PACKAGE_SIGNER_FAILED`,
 * and those of `stamp`.
 */
export async function countersign(primary: Buffer, wish: NewCountersignature): Promise<Buffer> {
  const { signer, hash, role, now, replace } = wish;
  const [author] = readCms(primary).signers;
  if (author === undefined) throw new TypeError('a signature that was verified has a signer');
  requireRoom(author, replace);
  const chain = signerChain(signer);
  requireUsable(chain[0], signer, now);
  const statement: Statement = { leaf: chain[0], hash, content: author.signature, role, now };
  const signature = await signWith(signer, chain[0], hash, bytesToSign(statement));
  const info = signerInfo(statement, signature, await wish.stamp?.(signature));
  const added = encodedAttribute(attribute(oids.countersignature, info));
  const bytes = withUnsigned(primary, chain, (there) => [
    ...there.filter((each) => !isByRepository(each)),
    added,
  ]);
  requireUnaltered(bytes, chain);
  return bytes;
}

function requireRoom(author: CmsSigner, replace: boolean): void {
  const refuse = (nuget: string, why: string, hint: string): never => {
    const message = `Cannot countersign the package: ${why} (${nuget})`;
    throw new PackageError('PACKAGE_ALREADY_COUNTERSIGNED', message, { hint, details: { nuget } });
  };
  if (commitmentsOf(author).includes(oids.proofOfReceipt))
    refuse(
      'NU3033',
      'its signature is itself that of a repository',
      'Sign the package as its author first, or leave the signature as it is.',
    );
  const there = (author.unsigned.get(oids.countersignature) ?? []).flat();
  if (!replace && there.some(isRepositorySigner))
    refuse(
      'NU3032',
      'a repository countersigned it already, and one may',
      'Put yours in its place with --replace, where that is meant.',
    );
}

function isByRepository(encoded: Buffer): boolean {
  const { attrType, attrValues } = readAs(encoded, Attribute);
  return (
    attrType === oids.countersignature && attrValues.some((value) => isRepositorySigner(Buffer.from(value)))
  );
}

const isRepositorySigner = (value: Buffer): boolean =>
  commitmentsOf(readSigner(value)).includes(oids.proofOfReceipt);
