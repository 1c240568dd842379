/**
 * Certificate revocation lists (RFC 5280 §5): who took which certificates back, when and why.
 *
 * Complete lists of version 2 that the issuer of the certificates signed itself with RSA and SHA-2. A delta list, an
 * indirect one, and one that covers only some reasons are refused by name: taken for a complete one, each would hide
 * revocations. The entries stay bytes until one is looked for; large lists have hundreds of thousands.
 */
import { AsnConvert, AsnParser } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  CRLReason,
  Extension,
  InvalidityDate,
  IssuingDistributionPoint,
  Name,
  RevokedCertificate,
  Time,
} from '@peculiar/asn1-x509';
import { createHash, verify } from 'node:crypto';
import { derSlices, readDer, type DerSlice } from './der.ts';
import { nameInWords } from './name-in-words.ts';
import { hashOfRsaOid, oids, type HashName } from './oids.ts';
import { addressesIn, mayListRevoked, type SignerCertificate } from './signer-certificate.ts';

/** A longer list is not read; those of large authorities have a few million bytes. */
export const revocationListBytesMax = 32 * 1024 * 1024;

/** A list that could be read; whether its issuer signed it is asked of each certificate that it is about. */
export type RevocationList = {
  readonly der: Buffer;
  /** SHA-256 of its DER, hex. */
  readonly sha256: string;
  /** The issuer's name as DER, and for people. */
  readonly issuer: Buffer;
  readonly issuerName: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** How many certificates it lists. */
  readonly count: number;
  readonly scope: Scope;
  readonly signed: { readonly bytes: Buffer; readonly hash: HashName; readonly signature: Buffer };
  /** The entries one behind the other, in DER. */
  readonly entries: Buffer;
};

/** Which certificates of the issuer a list is about; `points` empty: wherever their own list is said to be. */
type Scope = { readonly of: 'all' | 'users' | 'authorities'; readonly points: readonly string[] };

/** One certificate that was taken back. */
export type Revocation = {
  /** From when on it is not to be believed: the day it was taken back, or the earlier one from which its key is doubted. */
  readonly since: Date;
  readonly reason: string;
};

/** The bytes are no revocation list that is read here; the message says why. */
export class RevocationListUnreadable extends Error {}

/** Errors: `RevocationListUnreadable`. Takes DER, and PEM. */
export function readRevocationList(bytes: Buffer): RevocationList {
  try {
    return listIn(derOf(bytes));
  } catch (cause) {
    if (cause instanceof RevocationListUnreadable) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RevocationListUnreadable(`it is no revocation list: ${why}`, { cause });
  }
}

/** The DER of a list that may be given as PEM. */
export function derOf(bytes: Buffer): Buffer {
  if (bytes.length > revocationListBytesMax)
    throw new RevocationListUnreadable(`it is larger than ${revocationListBytesMax} bytes`);
  if (bytes[0] === 0x30) return bytes;
  const found = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/.exec(
    bytes.toString('latin1'),
  );
  if (found === null) throw new RevocationListUnreadable('it is no revocation list, neither DER nor PEM');
  return Buffer.from(found[1]!, 'base64');
}

const tags = { integer: 0x02, bitString: 0x03, sequence: 0x30, utcTime: 0x17, time: 0x18, extensions: 0xa0 };

function listIn(der: Buffer): RevocationList {
  const [root, ...behind] = derSlices(der);
  if (root?.tag !== tags.sequence || behind.length > 0) throw refused('it is not a signed list');
  const [body, algorithm, signature, ...more] = derSlices(root.content);
  if (signature?.tag !== tags.bitString || body?.tag !== tags.sequence || more.length > 0)
    throw refused('it is not a signed list');
  const parts = [...derSlices(body.content)];
  const take = (...wanted: number[]): DerSlice | undefined =>
    parts[0] !== undefined && wanted.includes(parts[0].tag) ? parts.shift() : undefined;
  const version = take(tags.integer);
  if (version?.bytes.equals(Buffer.from([0x02, 0x01, 0x01])) !== true)
    throw refused('it is not of version 2');
  const [inner, issuer] = [take(tags.sequence), take(tags.sequence)];
  const [thisUpdate, nextUpdate] = [take(tags.utcTime, tags.time), take(tags.utcTime, tags.time)];
  const entries = take(tags.sequence)?.content ?? Buffer.alloc(0);
  const extensions = take(tags.extensions);
  if (inner === undefined || issuer === undefined || thisUpdate === undefined || parts.length > 0)
    throw refused('its parts are not those of a list');
  if (nextUpdate === undefined) throw refused('it does not say when the next one comes');
  if (algorithm?.bytes.equals(inner.bytes) !== true) throw refused('it names two algorithms');
  const hash = hashOfRsaOid(readAs(inner, AlgorithmIdentifier).algorithm);
  if (hash === undefined) throw refused('it is not signed with RSA and SHA-2');
  const name = readAs(issuer, Name);
  return {
    der,
    sha256: createHash('sha256').update(der).digest('hex'),
    issuer: Buffer.from(AsnConvert.serialize(name)),
    issuerName: nameInWords(name),
    thisUpdate: timeIn(thisUpdate),
    nextUpdate: timeIn(nextUpdate),
    count: countOf(entries),
    scope: scopeIn(extensions === undefined ? [] : extensionsIn(extensions)),
    // The first byte of a bit string counts the bits that are not used: none.
    signed: { bytes: body.bytes, hash, signature: signature.content.subarray(1) },
    entries,
  };
}

function extensionsIn(tagged: DerSlice): Extension[] {
  const [list] = derSlices(tagged.content);
  return list === undefined ? [] : [...derSlices(list.content)].map((each) => readAs(each, Extension));
}

/** How many entries there are, each of which begins with a serial number. */
function countOf(entries: Buffer): number {
  let count = 0;
  for (const entry of derSlices(entries)) {
    if (entry.tag !== tags.sequence || serialOf(entry) === undefined)
      throw refused('one of its entries names no certificate');
    count += 1;
  }
  return count;
}

function serialOf({ content }: DerSlice): Buffer | undefined {
  const first = derSlices(content).next().value;
  return first?.tag === tags.integer ? first.content : undefined;
}

/** The extensions that matter for whom the list is about; a critical one that is not understood refuses the list. */
function scopeIn(extensions: readonly Extension[]): Scope {
  let scope: Scope = { of: 'all', points: [] };
  for (const { extnID, critical, extnValue } of extensions) {
    if (extnID === oids.deltaList) throw refused('it is a delta list, which only adds to another one');
    if (extnID === oids.issuingPoint)
      scope = pointScope(AsnParser.parse(extnValue.buffer, IssuingDistributionPoint));
    else if (critical) throw refused(`it makes a demand that is not understood (${extnID})`);
  }
  return scope;
}

function pointScope(point: IssuingDistributionPoint): Scope {
  if (point.indirectCRL) throw refused('it is an indirect list, which speaks for other issuers');
  if (point.onlySomeReasons) throw refused('it covers only some reasons');
  if (point.onlyContainsAttributeCerts) throw refused('it is about attribute certificates only');
  if (point.onlyContainsUserCerts && point.onlyContainsCACerts) throw refused('it is about no certificate');
  const of = point.onlyContainsUserCerts ? 'users' : point.onlyContainsCACerts ? 'authorities' : 'all';
  const points = point.distributionPoint === undefined ? [] : addressesIn(point.distributionPoint);
  if (point.distributionPoint !== undefined && points.length === 0)
    throw refused('it is about a part of the certificates that can not be told');
  return { of, points };
}

/** Whether the list is by this issuer, who may make lists, and signed by it. */
export function isListOf(list: RevocationList, issuer: SignerCertificate): boolean {
  return mayListRevoked(issuer) && isSignedBy(list, issuer);
}

/** Whether the list is in the name of this issuer and signed by its key, whatever that certificate of it allows. */
export function isSignedBy(list: RevocationList, issuer: SignerCertificate): boolean {
  if (!list.issuer.equals(issuer.subjectName)) return false;
  const { bytes, hash, signature } = list.signed;
  return issuer.publicKey?.asymmetricKeyType === 'rsa' && verify(hash, bytes, issuer.publicKey, signature);
}

/** Whether a list of its issuer is about this certificate. */
export function covers({ scope }: RevocationList, certificate: SignerCertificate): boolean {
  if (scope.of === 'users' && certificate.isAuthority) return false;
  if (scope.of === 'authorities' && !certificate.isAuthority) return false;
  if (scope.points.length === 0) return true;
  return certificate.distributionPoints.some((address) => scope.points.includes(address));
}

/** What the list says of the certificate with this serial number. */
export function revocationIn(list: RevocationList, serial: Buffer): Revocation | undefined {
  const entry = entryOf(list, serial);
  if (entry === undefined) return undefined;
  try {
    return revocationOf(readAs(entry, RevokedCertificate));
  } catch {
    // What is listed is revoked, also where the rest of its entry can not be read.
    return { since: new Date(0), reason: reasons[0]! };
  }
}

function entryOf({ entries }: RevocationList, serial: Buffer): DerSlice | undefined {
  for (const entry of derSlices(entries)) if (serialOf(entry)?.equals(serial) === true) return entry;
  return undefined;
}

function revocationOf({ revocationDate, crlEntryExtensions = [] }: RevokedCertificate): Revocation {
  const valueOf = (oid: string): ArrayBuffer | undefined =>
    crlEntryExtensions.find(({ extnID }) => extnID === oid)?.extnValue.buffer;
  const [why, from] = [valueOf(oids.revocationReason), valueOf(oids.invalidityDate)];
  const reason = why === undefined ? 0 : AsnParser.parse(why, CRLReason).reason;
  const doubted = from === undefined ? undefined : AsnParser.parse(from, InvalidityDate).value;
  const revoked = revocationDate.getTime();
  const since = doubted !== undefined && doubted < revoked ? doubted : revoked;
  const understood = crlEntryExtensions.every(
    ({ critical, extnID }) => !critical || knownInEntries.has(extnID),
  );
  if (Number.isNaN(since.getTime()) || !understood) return { since: new Date(0), reason: reasons[0]! };
  return { since, reason: reasons[reason] ?? reasons[0]! };
}

const knownInEntries = new Set<string>([oids.revocationReason, oids.invalidityDate]);

/** The reasons of RFC 5280 §5.3.1 by their number. */
const reasons: Readonly<Record<number, string>> = {
  0: 'unspecified',
  1: 'keyCompromise',
  2: 'cACompromise',
  3: 'affiliationChanged',
  4: 'superseded',
  5: 'cessationOfOperation',
  6: 'certificateHold',
  9: 'privilegeWithdrawn',
  10: 'aACompromise',
};

function timeIn(value: DerSlice): Date {
  const time = readAs(value, Time).getTime();
  if (Number.isNaN(time.getTime())) throw refused('one of its times is none');
  return time;
}

/** Reads a small part by its type. */
function readAs<T>({ bytes }: DerSlice, type: new () => T): T {
  readDer(bytes);
  return AsnParser.parse(toArray(bytes), type);
}

const toArray = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer;

const refused = (because: string): RevocationListUnreadable => new RevocationListUnreadable(because);
