/**
 * The countersignature of a repository: a signature on the author's signature, with its own certificate, chain and time
 * stamp. What is wrong with it is a warning, since whoever carries a package can take it off again, and an error only
 * where one is required.
 */
import { found, hasError, type Found } from './checks.ts';
import { readSigner, type CmsMessage, type CmsSigner } from './cms.ts';
import {
  attempt,
  commitmentsOf,
  isSound,
  judgeSigner,
  problemsOf,
  type Judged,
  type Role,
  type Times,
} from './judge-signer.ts';
import { oids } from './oids.ts';
import { problem, warning, type Problem } from '../problems.ts';
import type { PackageTrust } from './trust.ts';
import { moment } from '../../words.ts';

/** What there is to know of the countersignature of a package. */
export type Countersignature = {
  /** Undefined where there is none, or more than the one that is allowed. */
  readonly judged: Judged | undefined;
  /** It holds, whoever made it. */
  readonly sound: boolean;
  readonly check: Found;
};

const role: Role = {
  codes: { noCertificate: 'NU3034', attributes: 'NU3031', signature: 'NU3031' },
  contentTypeNeeded: false,
  as: 'repository',
};

/** Judges what countersigned `signer`; `isRepository` tells that the signature itself is a repository's. */
export function checkCountersignature(
  message: CmsMessage,
  signer: CmsSigner,
  given: { readonly isRepository: boolean; readonly trust: PackageTrust; readonly times: Times },
): Countersignature {
  const { isRepository, trust, times } = given;
  const required = trust.requires?.countersignature === true;
  const problems: Problem[] = [];
  const all = (signer.unsigned.get(oids.countersignature) ?? []).flat();
  const read = all.map((value) => attempt(() => readSigner(value)));
  if (read.includes(undefined)) problems.push(problem('NU3031', 'a countersignature is not readable'));
  // Who countersigned for another reason is nobody's concern here.
  const repositories = read.filter((each) => each && commitmentsOf(each).includes(oids.proofOfReceipt));
  if (repositories.length > 1) problems.push(problem('NU3032', 'more than one repository countersigned'));
  if (repositories.length > 0 && isRepository)
    problems.push(problem('NU3033', 'a repository countersigned a repository'));
  const [only] = repositories;
  const judged =
    only === undefined || repositories.length > 1
      ? undefined
      : judgeSigner(message, only, { content: signer.signature, role, trust, times });
  if (judged !== undefined) problems.push(...problemsOf(judged));
  const sound = judged !== undefined && isSound(judged) && judged.kind === 'repository' && !isRepository;
  if (repositories.length === 0 && required)
    problems.push(problem('NU3038', 'no repository countersigned it, and that is required here'));
  const told = problems.map(({ code, message: text, severity }) => {
    const said = repositories.length === 0 ? text : `countersignature: ${text}`;
    return severity === 'error' && required ? problem(code, said) : warning(code, said);
  });
  const state = repositories.length === 0 ? 'absent' : 'passed';
  return { judged, sound, check: found('countersignature', told, detailOf(judged), state) };
}

function detailOf(judged: Judged | undefined): string {
  if (judged?.certificate === undefined) return 'none';
  const { certificate, serviceIndex, owners, timestamp } = judged;
  return [
    `by "${certificate.subject}"`,
    ...(serviceIndex === undefined ? [] : [`for ${serviceIndex}`]),
    ...(owners.length === 0 ? [] : [`owners ${owners.join(', ')}`]),
    ...(timestamp === undefined ? [] : [`stamped ${moment(timestamp.time.getTime())}`]),
  ].join(', ');
}

/**
 * The steps of the author's signature after what a countersignature makes good (as NuGet's client has it): that nobody
 * trusts the author, where the repository that countersigned is one that vouches for its packages; and that the author's
 * certificate expired, where the countersignature was stamped while it was valid.
 */
export function forgiven(author: Judged, countersignature: Countersignature): Judged {
  const { judged, sound } = countersignature;
  if (judged === undefined || !sound || !judged.pinned || hasError(judged.steps.chain.problems))
    return author;
  const name = `"${judged.certificate!.subject}"`;
  const { chain, validity } = author.steps;
  const vouches = chain.state === 'failed' && author.holds && !author.distrusted && judged.vouches;
  const inTime = validity.problems.some(({ code }) => code === 'NU3037') && wasValid(author, judged);
  return {
    ...author,
    pinned: author.pinned || vouches,
    steps: {
      ...author.steps,
      ...(vouches && {
        chain: found(
          'chain',
          softened(chain),
          `believed because ${name} countersigned it, which is trusted to vouch for packages`,
        ),
      }),
      ...(inTime && {
        validity: found(
          'validity',
          softened(validity),
          `the certificate was still valid when ${name} countersigned, which is stamped`,
        ),
      }),
    },
  };
}

function wasValid({ certificate, timestamp }: Judged, { timestamp: later }: Judged): boolean {
  if (certificate === undefined || later === undefined || timestamp !== undefined) return false;
  return certificate.notBefore < later.earliest && later.latest < certificate.notAfter;
}

const softened = ({ problems }: Found): Problem[] =>
  problems.map(({ code, message }) => warning(code, message));
