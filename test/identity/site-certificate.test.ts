import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import {
  endorseFromSite,
  isSiteCertificate,
  newSiteCertificate,
  openIntroduction,
  openSuccessor,
  rawPublicKey,
  sealIntroduction,
  signingKey,
  type CompanyCertificate,
  type OpenedIntroduction,
  type SigningKey,
} from '../../src/identity/index.ts';
import { companyOf, noon } from '../support/instances.ts';
import { codeOf, refusal } from '../support/refusal.ts';

const instanceId = randomBytes(16).toString('hex');
const key = signingKey(generateKeyPairSync('ed25519').privateKey);
const other = signingKey(generateKeyPairSync('ed25519').privateKey);
const sealing = rawPublicKey(generateKeyPairSync('x25519').publicKey);
let site: CompanyCertificate;

/** How the instance introduces itself by a certificate, so many days on. */
function introduced(company: CompanyCertificate, day: number, signer: SigningKey = key): Uint8Array {
  const issuedAt = noon + day * 86_400_000;
  const facts = { instanceId, name: 'plant', signingKey: signer.publicKey, sealingKey: sealing, issuedAt };
  return sealIntroduction(facts, company);
}

const before = (company: CompanyCertificate): OpenedIntroduction => openIntroduction(introduced(company, 0));
const next = (): Uint8Array => introduced(companyOf('contoso'), 1, other);

beforeAll(async () => {
  site = await newSiteCertificate('plant', new Date(noon));
});

test('a certificate made at a site says so in its subject, for people and for the rule', () => {
  expect(before(site).certificate.subject).toBe('CN=plant, OU=made at the site');
  expect(isSiteCertificate(site.chain[0]!)).toBe(true);
  expect(isSiteCertificate(companyOf('contoso').chain[0]!)).toBe(false);
});

test('in the place of a certificate made at a site comes one for which the instance key stands', () => {
  const introduction = next();
  const endorsement = endorseFromSite(introduction, key);
  const opened = openSuccessor({ introduction, endorsement }, before(site));
  expect(opened.certificate.subject).toBe('CN=contoso');
});

test('the instance key does not stand for another certificate where a company holds the present one', () => {
  const introduction = next();
  const endorsement = endorseFromSite(introduction, key);
  const refused = refusal(() => openSuccessor({ introduction, endorsement }, before(companyOf('acme'))));
  expect(codeOf(refused)).toBe('ENDORSEMENT_INVALID verification');
});

test('another key, or the word for another introduction, stands for nothing', () => {
  const introduction = next();
  const refused = [
    endorseFromSite(introduction, other),
    endorseFromSite(introduced(companyOf('contoso'), 2, other), key),
  ].map((endorsement) => refusal(() => openSuccessor({ introduction, endorsement }, before(site))));
  expect(refused.map(codeOf)).toEqual(Array(2).fill('ENDORSEMENT_INVALID verification'));
});

test('one certificate made at a site does not follow another', async () => {
  const introduction = introduced(await newSiteCertificate('plant', new Date(noon)), 1);
  const endorsement = endorseFromSite(introduction, key);
  const refused = refusal(() => openSuccessor({ introduction, endorsement }, before(site)));
  expect(codeOf(refused)).toBe('ENDORSEMENT_INVALID verification');
});
