import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  Certificate,
  CertificateList,
  CRLReason,
  DistributionPointName,
  Extension,
  GeneralName,
  InvalidityDate,
  IssuingDistributionPoint,
  RevokedCertificate,
  TBSCertList,
  Time,
  Version,
} from '@peculiar/asn1-x509';
import { sign } from 'node:crypto';
import type { CompanyCertificate } from '../../src/identity/index.ts';

export type RevocationWish = {
  readonly issuer: CompanyCertificate;
  /** Another key than the issuer's signs it. */
  readonly key?: CompanyCertificate['privateKey'];
  readonly madeAt: Date;
  readonly nextAt: Date | null;
  readonly revoked?: readonly {
    readonly certificate: CompanyCertificate;
    readonly since: Date;
    /** The number of RFC 5280; left out where undefined. */
    readonly reason?: number;
    readonly invalidSince?: Date;
    /** A critical extension that nobody knows. */
    readonly odd?: boolean;
  }[];
  readonly isDelta?: boolean;
  readonly scope?: Partial<IssuingDistributionPoint>;
  /** The address of the part that it is about. */
  readonly point?: string;
  readonly signedWith?: 'sha1' | 'sha256' | 'sha512';
  readonly version?: Version;
  readonly unknownDemand?: boolean;
};

const algorithms = {
  sha1: '1.2.840.113549.1.1.5',
  sha256: '1.2.840.113549.1.1.11',
  sha512: '1.2.840.113549.1.1.13',
} as const;

/** A list of revoked certificates in DER, as an authority publishes it. */
export function revocationList(wish: RevocationWish): Buffer {
  const hash = wish.signedWith ?? 'sha256';
  const algorithm = new AlgorithmIdentifier({ algorithm: algorithms[hash], parameters: null });
  const { subject } = AsnConvert.parse(toArray(wish.issuer.chain[0]!), Certificate).tbsCertificate;
  const revoked = (wish.revoked ?? []).map(
    ({ certificate, since, reason, invalidSince, odd }) =>
      new RevokedCertificate({
        userCertificate: AsnConvert.parse(toArray(certificate.chain[0]!), Certificate).tbsCertificate
          .serialNumber,
        revocationDate: new Time(since),
        crlEntryExtensions: [
          ...(reason === undefined ? [] : [extension('2.5.29.21', new CRLReason(reason), false)]),
          ...(invalidSince === undefined
            ? []
            : [extension('2.5.29.24', new InvalidityDate(invalidSince), false)]),
          ...(odd === true ? [extension('1.2.3.4', new CRLReason(0), true)] : []),
        ],
      }),
  );
  for (const each of revoked) if (each.crlEntryExtensions?.length === 0) delete each.crlEntryExtensions;
  const list = new TBSCertList({
    ...(wish.version === Version.v1 ? {} : { version: wish.version ?? Version.v2 }),
    signature: algorithm,
    issuer: subject,
    thisUpdate: new Time(wish.madeAt),
    ...(wish.nextAt !== null && { nextUpdate: new Time(wish.nextAt) }),
    ...(revoked.length > 0 && { revokedCertificates: revoked }),
  });
  const extensions = extensionsOf(wish);
  if (extensions.length > 0) list.crlExtensions = extensions;
  const body = Buffer.from(AsnConvert.serialize(list));
  const signature = sign(hash, body, wish.key ?? wish.issuer.privateKey);
  const signed = new CertificateList({ signatureAlgorithm: algorithm, signature: toArray(signature) });
  signed.tbsCertList = list;
  return Buffer.from(AsnConvert.serialize(signed));
}

function extensionsOf({ isDelta, scope, point, unknownDemand }: RevocationWish): Extension[] {
  const issuingPoint = new IssuingDistributionPoint({
    ...scope,
    ...(point !== undefined && {
      distributionPoint: new DistributionPointName({
        fullName: [new GeneralName({ uniformResourceIdentifier: point })],
      }),
    }),
  });
  return [
    ...(isDelta === true ? [extension('2.5.29.27', new CRLReason(1), true)] : []),
    ...(scope !== undefined || point !== undefined ? [extension('2.5.29.28', issuingPoint, true)] : []),
    ...(unknownDemand === true ? [extension('1.2.3.4', new CRLReason(0), true)] : []),
  ];
}

const extension = (extnID: string, value: object, critical: boolean): Extension =>
  new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });

const toArray = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
