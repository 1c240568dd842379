import {
  Attribute,
  CertificateChoices,
  CertificateSet,
  CMSVersion,
  ContentInfo,
  DigestAlgorithmIdentifier,
  DigestAlgorithmIdentifiers,
  EncapsulatedContent,
  EncapsulatedContentInfo,
  SignedData,
  SignerInfos,
  type SignerInfo,
} from '@peculiar/asn1-cms';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { AlgorithmIdentifier, Certificate } from '@peculiar/asn1-x509';
import { createHash, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { CompanyCertificate } from '../../../src/identity/index.ts';
import {
  BareValue,
  MessageImprint,
  SignedAttributes,
  TstInfo,
} from '../../../src/packages/signature/cms-types.ts';
import { oids } from '../../../src/packages/signature/oids.ts';
import { signatureContent } from '../../../src/packages/signature/signature-content.ts';
import { checkSignature, readSignature } from '../../../src/packages/signature/signature.ts';
import { readCertificate } from '../../../src/packages/signature/signer-certificate.ts';
import {
  arrayBuffer,
  attribute,
  bytesToSign,
  filled,
  inSetOrder,
  signerInfo,
  type SigningRole,
} from '../../../src/packages/signature/signer-info.ts';
import type { TrustRequirements } from '../../../src/packages/signature/trust.ts';
import { fingerprint, makeCertificate, selfSigned } from '../../support/certificates.ts';

const acme = selfSigned('Acme');
const gallery = selfSigned('Gallery');
const clock = selfSigned('Clock', { purposes: ['timeStamping'] });
const now = new Date();
const digest = createHash('sha256').update('package').digest();
const author: SigningRole = { kind: 'author' };
const repository: SigningRole = {
  kind: 'repository',
  serviceIndex: 'https://feed.test/v3/index.json',
  owners: [],
};

type Wish = {
  readonly by?: CompanyCertificate;
  readonly role?: SigningRole;
  readonly content?: Buffer;
  readonly contentType?: string;
  readonly certificates?: readonly CompanyCertificate[];
  readonly signers?: number;
  /** Changes what is signed. */
  readonly attributes?: (list: Attribute[]) => Attribute[];
  readonly unsigned?: readonly Attribute[];
};

/** A signer's statement about `content`, in a way that nobody who signs packages would make it. */
function statement(content: Buffer, { by = acme, role = author, attributes, unsigned }: Wish): SignerInfo {
  const leaf = readCertificate(Buffer.from(by.chain[0]!));
  const said = { leaf, hash: 'sha256' as const, content, role, now };
  const list = [...AsnConvert.parse(arrayBuffer(bytesToSign(said)), SignedAttributes)];
  const changed = new SignedAttributes(inSetOrder(attributes?.(list) ?? list));
  const bytes = Buffer.from(AsnConvert.serialize(changed));
  const info = signerInfo(said, sign('sha256', bytes, by.privateKey), undefined);
  info.signedAttrs = changed;
  if (unsigned !== undefined && unsigned.length > 0) info.unsignedAttrs = inSetOrder(unsigned);
  return info;
}

function message(wish: Wish): Buffer {
  const content = wish.content ?? signatureContent('sha256', digest);
  const info = statement(content, wish);
  const certificates = (wish.certificates ?? [wish.by ?? acme, gallery]).flatMap(({ chain }) => chain);
  const data = new SignedData({
    version: CMSVersion.v3,
    digestAlgorithms: new DigestAlgorithmIdentifiers([
      new DigestAlgorithmIdentifier({ algorithm: '2.16.840.1.101.3.4.2.1', parameters: null }),
    ]),
    encapContentInfo: new EncapsulatedContentInfo({
      eContentType: wish.contentType ?? oids.data,
      eContent: new EncapsulatedContent({ single: new OctetString(content) }),
    }),
    ...(certificates.length > 0 && {
      certificates: new CertificateSet(
        inSetOrder(certificates.map((der) => AsnConvert.parse(arrayBuffer(der), Certificate))).map(
          (certificate) => new CertificateChoices({ certificate }),
        ),
      ),
    }),
    signerInfos: new SignerInfos(Array.from({ length: wish.signers ?? 1 }, () => info)),
  });
  const outer = new ContentInfo({ contentType: oids.signedData, content: AsnConvert.serialize(data) });
  return Buffer.from(AsnConvert.serialize(outer));
}

const without =
  (oid: string) =>
  (list: Attribute[]): Attribute[] =>
    list.filter(({ attrType }) => attrType !== oid);
const withAlso =
  (...more: Attribute[]) =>
  (list: Attribute[]): Attribute[] => [...list, ...more];
const oidValue = (oid: string): BareValue => filled(new BareValue(), { oid });

const none: TrustRequirements = { timestamp: false, countersignature: false, revocation: null };

/** Every problem of a signature, as code and severity. */
function problems(bytes: Buffer, requires = none): string[] {
  const { read, unreadable, content } = readSignature(bytes);
  const pinned = new Set([acme, gallery, clock].map((each) => fingerprint(each)));
  const found =
    read === undefined
      ? []
      : checkSignature(read, { fingerprints: pinned, requires }, { at: now, now }).found;
  return [...unreadable, ...content, ...found.flatMap((step) => step.problems)].map(
    ({ code, severity }) => `${severity} ${code}`,
  );
}
const unstamped = 'warning NU3027';

describe('a signature is refused', () => {
  test('never when it is as it should be', () => {
    expect(problems(message({}))).toEqual([unstamped]);
  });

  const text = (content: string): Wish => ({ content: Buffer.from(content) });
  const hashed = `-Hash:${digest.toString('base64')}`;
  const wrong: [string, string, Wish][] = [
    ['NU3003', 'that is no CMS', {}],
    ['NU3009', 'by two signers', { signers: 2 }],
    ['NU3009', 'by nobody', { signers: 0 }],
    ['NU3007', 'of another version', text(`Version:2\n\n2.16.840.1.101.3.4.2.1${hashed}\n\n`)],
    ['NU3000', 'that names no hash', text('Version:1\n\n')],
    ['NU3000', 'that does not end as it must', text(`Version:1\n\n2.16.840.1.101.3.4.2.1${hashed}\n`)],
    [
      'NU3016',
      'over a SHA-1',
      text(`Version:1\n\n1.3.14.3.2.26-Hash:${Buffer.alloc(20).toString('base64')}\n\n`),
    ],
    ['NU3010', 'without its certificate', { certificates: [gallery] }],
    ['NU3011', 'of something else than data', { contentType: oids.tstInfo }],
    ['NU3011', 'without a time', { attributes: without(oids.signingTime) }],
    ['NU3011', 'without a content type', { attributes: without(oids.contentType) }],
    ['NU3011', 'without a commitment', { attributes: without(oids.commitmentType) }],
    ['NU3011', 'that does not name its certificate', { attributes: without(oids.signingCertificateV2) }],
    [
      'NU3011',
      'that names it by SHA-1 as well',
      { attributes: withAlso(attribute(oids.signingCertificate, oidValue(oids.data))) },
    ],
    [
      'NU3011',
      'of a repository that does not say which',
      { role: repository, attributes: without(oids.serviceIndexUrl) },
    ],
    [
      'NU3011',
      'of a repository on a plain address',
      { role: { kind: 'repository', serviceIndex: 'http://feed.test/', owners: [] } },
    ],
    [
      'NU3011',
      'of a repository with a nameless owner',
      { role: { ...repository, owners: [' '] } as SigningRole },
    ],
    ['NU3012', 'without the digest of what it signs', { attributes: without(oids.messageDigest) }],
  ];
  test.each(wrong)('%s %s', (code, what, wish) => {
    const bytes = what === 'that is no CMS' ? Buffer.from('hello') : message(wish);
    expect(problems(bytes)).toContain(`error ${code}`);
  });

  test('NU3012 whose signature is of another key', () => {
    const stolen = { chain: acme.chain, privateKey: gallery.privateKey };
    expect(problems(message({ by: stolen }))).toContain('error NU3012');
  });
});

/** A time stamp of a signature value. */
function token(value: Buffer, wish: Wish & { readonly hashOid?: string; readonly time?: Date } = {}): Buffer {
  const info = filled(new TstInfo(), {
    version: 1,
    policy: '1.2.3.4',
    messageImprint: filled(new MessageImprint(), {
      hashAlgorithm: new AlgorithmIdentifier({ algorithm: wish.hashOid ?? '2.16.840.1.101.3.4.2.1' }),
      hashedMessage: new OctetString(createHash('sha256').update(value).digest()),
    }),
    serialNumber: arrayBuffer(Buffer.of(1)),
    genTime: wish.time ?? new Date(Math.floor(now.getTime() / 1000) * 1000),
  });
  const typed = (list: Attribute[]): Attribute[] => [
    ...without(oids.contentType)(list),
    attribute(oids.contentType, oidValue(oids.tstInfo)),
  ];
  return message({
    by: clock,
    certificates: [clock],
    ...wish,
    contentType: oids.tstInfo,
    content: Buffer.from(AsnConvert.serialize(info)),
    attributes: (list) => (wish.attributes ?? ((same) => same))(typed(list)),
  });
}

/** A package signature with something beside its signature that depends on that. */
function withUnsigned(oid: string, made: (value: Buffer) => ArrayBuffer[], wish: Wish = {}): Buffer {
  const bare = readSignature(message(wish)).read!.signer.signature;
  return message({ ...wish, unsigned: [new Attribute({ attrType: oid, attrValues: made(bare) })] });
}
const stamped = (wish: Parameters<typeof token>[1]): Buffer =>
  withUnsigned(oids.timeStampToken, (value) => [arrayBuffer(token(value, wish))]);

describe('a time stamp', () => {
  test('that holds is told of nothing', () => {
    expect(problems(stamped({}))).toEqual([]);
  });

  const key1024 = makeCertificate({ commonName: 'Short', keyBits: 1024, purposes: ['timeStamping'] });
  const sha1 = selfSigned('Clock', { purposes: ['timeStamping'], signedWith: 'sha1' });
  const early = selfSigned('Clock', { purposes: ['timeStamping'], validFrom: new Date(now.getTime() + 9e6) });
  const day = 86_400_000;
  const wrong: [string, string, Parameters<typeof token>[1]][] = [
    ['NU3020', 'without its certificate', { certificates: [acme] }],
    ['NU3029', 'without any certificate', { certificates: [] }],
    ['NU3021', 'by two', { signers: 2 }],
    ['NU3021', 'that does not name its certificate', { attributes: without(oids.signingCertificateV2) }],
    ['NU3022', 'by a certificate that is signed with SHA-1', { by: sha1, certificates: [sha1] }],
    ['NU3023', 'by a short key', { by: key1024, certificates: [key1024] }],
    ['NU3025', 'by a certificate that is not valid yet', { by: early, certificates: [early] }],
    ['NU3028', 'by somebody who is not there for that', { by: gallery, certificates: [gallery] }],
    ['NU3030', 'that names the signature by SHA-1', { hashOid: '1.3.14.3.2.26' }],
    ['NU3036', 'from before its certificate', { time: new Date(now.getTime() - 30 * day) }],
  ];
  test.each(wrong)(
    '%s %s is as if it were not there, and an error where one is required',
    (code, _what, wish) => {
      const bytes = stamped(wish);
      expect(problems(bytes)).toEqual([`warning ${code}`]);
      expect(problems(bytes, { ...none, timestamp: true })).toEqual([`error ${code}`]);
    },
  );

  test('NU3019 of another signature, NU3021 that is none', () => {
    const other = withUnsigned(oids.timeStampToken, () => [arrayBuffer(token(Buffer.from('other')))]);
    expect(problems(other)).toEqual(['warning NU3019']);
    const odd = withUnsigned(oids.timeStampToken, () => [AsnConvert.serialize(oidValue(oids.data))]);
    expect(problems(odd)).toEqual(['warning NU3021']);
  });
});

describe('a countersignature', () => {
  const by = (...wishes: Wish[]): Buffer =>
    withUnsigned(oids.countersignature, (value) =>
      wishes.map((wish) =>
        AsnConvert.serialize(statement(value, { by: gallery, role: repository, ...wish })),
      ),
    );
  const kept = (bytes: Buffer): boolean => {
    const trust = { fingerprints: new Set([acme, gallery].map((each) => fingerprint(each))) };
    return checkSignature(readSignature(bytes).read!, trust, { at: now, now }).countersigned;
  };

  test('that holds is told, with and without a content type', () => {
    for (const bytes of [by({}), by({ attributes: without(oids.contentType) })]) {
      expect(problems(bytes)).toEqual([unstamped, unstamped]);
      expect(kept(bytes)).toBe(true);
    }
  });

  test('of another kind is nobody’s concern', () => {
    expect(problems(by({ role: author }))).toEqual([unstamped]);
    expect(problems(by({ role: author }), { ...none, countersignature: true })).toContain('error NU3038');
  });

  const typed = (oid: string) => (list: Attribute[]) =>
    withAlso(attribute(oids.contentType, oidValue(oid)))(without(oids.contentType)(list));
  const lone = makeCertificate({
    commonName: 'Lone',
    purposes: ['codeSigning'],
    issuer: makeCertificate({ commonName: 'Absent', isAuthority: true }),
  });
  const alone = { chain: lone.chain.slice(0, 1), privateKey: lone.privateKey };
  const unknown = selfSigned('Unknown');
  const wrong: [string, string, () => Buffer][] = [
    [
      'NU3031',
      'that signs something else',
      () =>
        withUnsigned(oids.countersignature, () => [
          AsnConvert.serialize(statement(Buffer.from('x'), { by: gallery, role: repository })),
        ]),
    ],
    ['NU3031', 'without a time', () => by({ attributes: without(oids.signingTime) })],
    ['NU3031', 'of another content type', () => by({ attributes: typed(oids.tstInfo) })],
    ['NU3031', 'that names no repository', () => by({ attributes: without(oids.serviceIndexUrl) })],
    [
      'NU3031',
      'that is none',
      () => withUnsigned(oids.countersignature, () => [AsnConvert.serialize(oidValue(oids.data))]),
    ],
    ['NU3032', 'beside another one', () => by({}, { attributes: without(oids.contentType) })],
    [
      'NU3033',
      'on a repository’s signature',
      () =>
        withUnsigned(
          oids.countersignature,
          (value) => [AsnConvert.serialize(statement(value, { by: gallery, role: repository }))],
          { role: repository },
        ),
    ],
    [
      'NU3034',
      'without its certificate',
      () =>
        withUnsigned(oids.countersignature, (value) => [
          AsnConvert.serialize(statement(value, { by: unknown, role: repository })),
        ]),
    ],
    [
      'NU3034',
      'by a repository nobody trusts',
      () =>
        withUnsigned(
          oids.countersignature,
          (value) => [AsnConvert.serialize(statement(value, { by: unknown, role: repository }))],
          { certificates: [acme, unknown] },
        ),
    ],
    [
      'NU3035',
      'whose chain is not there',
      () =>
        withUnsigned(
          oids.countersignature,
          (value) => [AsnConvert.serialize(statement(value, { by: alone, role: repository }))],
          { certificates: [acme, alone] },
        ),
    ],
  ];
  test.each(wrong)('%s %s is a warning, and an error where one is required', (code, _what, made) => {
    const bytes = made();
    expect(problems(bytes)).toContain(`warning ${code}`);
    expect(problems(bytes, { ...none, countersignature: true })).toContain(`error ${code}`);
  });
});
