/**
 * Asks a time stamp authority (RFC 3161) when a signature existed: the hash of the signature and a random number go
 * there by HTTP, a signed statement of the time comes back and is checked before anybody uses it.
 */
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';
import { createHash, randomBytes } from 'node:crypto';
import { PackageError } from '../errors.ts';
import { chainAtHand } from './chain.ts';
import { CmsUnreadable, readAs, readCms, signerCertificates, type CmsMessage } from './cms.ts';
import { MessageImprint, TstInfo } from './cms-types.ts';
import { readDer } from './der.ts';
import { hashOid, oids, type HashName } from './oids.ts';
import { readGivenCertificate } from './package-signer.ts';
import type { SignerCertificate } from './signer-certificate.ts';
import { arrayBuffer, filled } from './signer-info.ts';
import { checkTimestamp } from './timestamp.ts';
import { withCertificates } from './added-to-cms.ts';
import { AnswerStatus, TimeStampRequest, whyRefused } from './timestamp-types.ts';
import { nothingRequired } from './trust.ts';

/** Where time stamps come from, and whose they must be. */
export type TimestampAuthority = {
  /** http or https. */
  readonly url: string;
  /** The hash the signature is named by. */
  readonly hash: HashName;
  /**
   * Certificates in DER, of the authority or of those above it: its chain must lead to one of them, and what its
   * answer lacks of that chain is added from here. Without any, whoever signed the answer is taken.
   */
  readonly certificates?: readonly Uint8Array[];
  /** How long an answer may take. Default: 10 seconds. */
  readonly timeoutMs?: number;
};

const timeoutDefaultMs = 10_000;
const answerBytesMax = 1 << 20;
const nonceBytes = 32;

/**
 * A time stamp token, in DER, for a signature value.
 *
 * Errors: `PACKAGE_TIMESTAMP_NOT_GIVEN` where none came, `PACKAGE_TIMESTAMP_INVALID` where one came that does not hold,
 * with NuGet's number in the message and as `nuget` in the details.
 */
export async function requestTimestamp(signature: Buffer, authority: TimestampAuthority): Promise<Buffer> {
  const nonce = newNonce();
  const imprint = filled(new MessageImprint(), {
    hashAlgorithm: new AlgorithmIdentifier({ algorithm: hashOid(authority.hash), parameters: null }),
    hashedMessage: new OctetString(createHash(authority.hash).update(signature).digest()),
  });
  const request = filled(new TimeStampRequest(), {
    messageImprint: imprint,
    nonce: arrayBuffer(nonce),
    certReq: true,
  });
  const answer = await post(authority, AsnConvert.serialize(request));
  return checkedToken(tokenIn(answer, authority), nonce, signature, authority);
}

/** A positive number of 32 bytes in its shortest form: neither its first bit nor its first byte is zero. */
function newNonce(): Buffer {
  const nonce = randomBytes(nonceBytes);
  nonce[0] = (nonce[0]! & 0x7f) | 0x40;
  return nonce;
}

async function post(authority: TimestampAuthority, request: ArrayBuffer): Promise<Buffer> {
  const timeoutMs = authority.timeoutMs ?? timeoutDefaultMs;
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await fetch(authority.url, {
      method: 'POST',
      headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
      body: request,
      // Another address than the one a person named is theirs to name.
      redirect: 'manual',
      signal: limit,
    });
    if (answer.status !== 200) {
      await answer.body?.cancel();
      throw notGiven(authority, `it answered with HTTP ${answer.status} ${answer.statusText}`.trimEnd());
    }
    return await bodyOf(answer, authority);
  } catch (error) {
    if (error instanceof PackageError) throw error;
    if (limit.aborted)
      throw notGiven(authority, `it did not answer within ${timeoutMs / 1000} seconds`, error);
    throw notGiven(authority, reasonOf(error), error);
  }
}

async function bodyOf(answer: Response, authority: TimestampAuthority): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of answer.body ?? []) {
    size += piece.length;
    if (size > answerBytesMax) throw notGiven(authority, `its answer is larger than ${answerBytesMax} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** `fetch` says "fetch failed" and keeps the reason to itself. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}

/** The token of an answer that grants one. */
function tokenIn(answer: Buffer, authority: TimestampAuthority): Buffer {
  const parts = readable(authority, () => readDer(answer).children);
  const [first, token] = parts;
  if (first === undefined) throw invalid(authority, 'NU3021', 'the answer is empty');
  const status = readable(authority, () => readAs(first.bytes, AnswerStatus));
  const isGranted = status.status === 0 || status.status === 1;
  if (!isGranted) throw notGiven(authority, whyRefused(status));
  if (token === undefined || parts.length > 2)
    throw invalid(authority, 'NU3021', 'the answer holds no time stamp');
  return token.bytes;
}

/** The token, completed with certificates it lacks, once everything about it has been checked. */
function checkedToken(
  token: Buffer,
  nonce: Buffer,
  signature: Buffer,
  authority: TimestampAuthority,
): Buffer {
  const message = readable(authority, () => readCms(token));
  if (message.contentType !== oids.tstInfo)
    throw invalid(authority, 'NU3021', 'the time stamp is not a signed statement of a time');
  const info = readable(authority, () => readAs(message.content, TstInfo));
  if (info.nonce === undefined || !Buffer.from(info.nonce).equals(nonce))
    throw invalid(authority, 'NU3026', 'the time stamp is the answer to another request');
  const given = (authority.certificates ?? []).map(readGivenCertificate);
  const complete = withCertificates(token, chainOf(message, given));
  const trust = given.length > 0 ? given : message.certificates;
  const now = new Date();
  const { timestamp, check } = checkTimestamp(
    { signature, unsigned: new Map([[oids.timeStampToken, [[complete]]]]) },
    {
      pinned: new Set(trust.map(({ fingerprint }) => fingerprint)),
      lists: [],
      at: now,
      now,
      requires: { ...nothingRequired, timestamp: true },
    },
  );
  if (timestamp !== undefined) return complete;
  const [problem] = check.problems;
  throw invalid(authority, problem?.code ?? 'NU3021', problem?.message ?? 'the time stamp does not hold');
}

/** The chain of who signed the time stamp, from the certificates in it and those at hand. */
function chainOf(message: CmsMessage, atHand: readonly SignerCertificate[]): readonly SignerCertificate[] {
  const all = [...message.certificates, ...atHand];
  const by = message.signers.flatMap((signer) => signerCertificates(signer, all))[0];
  return by === undefined ? [] : chainAtHand(by, all).chain;
}

function readable<T>(authority: TimestampAuthority, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CmsUnreadable || error instanceof RangeError)) throw error;
    throw invalid(authority, 'NU3021', `the answer is not readable: ${error.message}`, error);
  }
}

function invalid(authority: TimestampAuthority, nuget: string, why: string, cause?: unknown): PackageError {
  const message = `Cannot use the time stamp of ${authority.url}: ${why} (${nuget})`;
  return new PackageError('PACKAGE_TIMESTAMP_INVALID', message, {
    hint: 'Use another time stamp authority, or ask this one; nothing was written.',
    details: { url: authority.url, nuget },
    cause,
  });
}

function notGiven(authority: TimestampAuthority, why: string, cause?: unknown): PackageError {
  const message = `Cannot get a time stamp from ${authority.url}: ${why}`;
  return new PackageError('PACKAGE_TIMESTAMP_NOT_GIVEN', message, {
    hint: 'Check the address and the way there, then sign again; nothing was written.',
    details: { url: authority.url },
    cause,
  });
}
