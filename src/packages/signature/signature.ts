/**
 * The signature of a package: what it is, by whom, and whether it holds. Nothing here has seen the package; that
 * its hash is the signed one is checked by whoever read the archive.
 */
import { checkSteps, notReached, type Found } from './checks.ts';
import { CmsUnreadable, readCms, type CmsMessage, type CmsSigner } from './cms.ts';
import { checkCountersignature, forgiven, type Countersignature } from './countersignature.ts';
import { judgeSigner, type Judged, type Role, type Times } from './judge-signer.ts';
import { hashOfOid, type HashName } from './oids.ts';
import { problem, type Problem } from '../problems.ts';
import { readSignatureContent } from './signature-content.ts';
import type { PackageTrust } from './trust.ts';

export type { SignatureKind, Times } from './judge-signer.ts';

/** A signature that could be read, before anything in it is believed. */
export type ReadSignature = {
  readonly message: CmsMessage;
  readonly signer: CmsSigner;
  /** The hash of the package that is signed; undefined where the content says none that is allowed. */
  readonly signedHash: { readonly name: HashName; readonly digest: Buffer } | undefined;
};

/** What the checks of a signature found; it holds where none of the problems is an error. */
export type SignatureFindings = Judged & {
  readonly countersignature: Countersignature;
  /** A repository signed the signature as well, and that holds, whoever it is. */
  readonly countersigned: boolean;
  /** The steps from the signer to the countersignature. */
  readonly found: readonly Found[];
};

/** Takes the bytes of the signature entry apart. */
export function readSignature(bytes: Buffer): {
  read: ReadSignature | undefined;
  unreadable: readonly Problem[];
  content: readonly Problem[];
} {
  try {
    const message = readCms(bytes);
    const [signer] = message.signers;
    if (signer === undefined || message.signers.length !== 1) {
      const count = `the signature has ${message.signers.length} signers, and one is allowed`;
      return { read: undefined, unreadable: [problem('NU3009', count)], content: [] };
    }
    const { signedHash, problems } = readSignatureContent(message);
    return { read: { message, signer, signedHash }, unreadable: [], content: problems };
  } catch (error) {
    if (!(error instanceof CmsUnreadable)) throw error;
    const message = `the signature is not readable: ${error.message}`;
    return { read: undefined, unreadable: [problem('NU3003', message)], content: [] };
  }
}

const role: Role = {
  codes: { noCertificate: 'NU3010', attributes: 'NU3011', signature: 'NU3012' },
  contentTypeNeeded: true,
  as: 'by its kind',
};

/** Checks everything about a signature that can be checked without the package. */
export function checkSignature(
  { message, signer, signedHash }: ReadSignature,
  trust: PackageTrust,
  times: Times,
): SignatureFindings {
  const hashDiffers = signedHash !== undefined && hashOfOid(signer.digestOid) !== signedHash.name;
  const more = hashDiffers ? [problem('NU3012', 'the signature and the package are hashed differently')] : [];
  const alone = judgeSigner(message, signer, { content: message.content, role, trust, times, more });
  const isRepository = alone.kind === 'repository';
  const countersignature = checkCountersignature(message, signer, { isRepository, trust, times });
  const judged = forgiven(alone, countersignature);
  const { steps } = judged;
  return {
    ...judged,
    countersignature,
    countersigned: countersignature.sound,
    found: [
      steps.signer,
      steps.algorithms,
      steps.usages,
      steps.chain,
      steps.revocation,
      steps.timestamp,
      steps.validity,
      countersignature.check,
    ],
  };
}

const stepsOfSignature = checkSteps.slice(checkSteps.indexOf('signer'));

/** The steps of a signature that is not there, or could not be read. */
export const unsignedSteps = (because: string): Found[] =>
  stepsOfSignature.map((step) => notReached(step, because));
