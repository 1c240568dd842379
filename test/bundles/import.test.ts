import { chmodSync, cpSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findBundles, importBundles, madeBundles, type Imported } from '../../src/bundles/index.ts';
import { importerOf, keptBundles } from '../../src/cli/bundles/bundle-ends.ts';
import { linkReplica } from '../../src/daemon/index.ts';
import {
  entryHash,
  LinkRemoved,
  readHeader,
  sealEntry,
  type MadeEvent,
  type SealedEntry,
} from '../../src/events/index.ts';
import { sealIntroduction, signingKey } from '../../src/identity/index.ts';
import { openInstance, rotateKeys, type Instance } from '../../src/instance/index.ts';
import { readUnknownEntries, readWantedBlobs } from '../../src/projections/index.ts';
import type { Place } from '../../src/sync/index.ts';
import { offered, publish } from '../daemon/company.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import {
  companyOf,
  confirmLink,
  giveReceipt,
  linkOf,
  makeInstance,
  makePair,
  noon,
  outward,
  pair as pairWith,
} from '../support/instances.ts';
import { codeOf } from '../support/refusal.ts';
import { bringAll, exportTo, importFrom, offerFile, reissueTo, stick } from './support.ts';
import { deskForEach, type Desk } from './desk.ts';

let { root, pair, marks, turn, number, out } = {} as Desk;
deskForEach((desk) => ({ root, pair, marks, turn, number, out } = desk));

const at = (name: string): string => stick(root.path, `stick-${turn}-${name}`);
const failureOf = (imported: readonly Imported[]): string => codeOf(imported[0]!.failure!);
const entriesHere = (): number => pair.customer.log.entryCount();
const have = () => importerOf(pair.customer).link(pair.link)!.have();
const madeLast = () => madeBundles(keptBundles(pair.vendor), pair.link).at(-1)!;

describe('J2.7 importing a bundle', () => {
  test('takes entries and packages in, and an offer stands there', async () => {
    const release = await publish(pair, number, { marks });
    const { facts } = await exportTo(pair.vendor, pair.link, out);
    const [done] = await importFrom(pair.customer, out);
    expect(done).toMatchObject({
      entries: facts.entries,
      isNews: true,
      refused: [],
      waiting: [],
      failure: undefined,
    });
    expect(done?.blobsHeld).toContain(release.document.packages[0]!.sha256);
    expect(offered(pair, number).digest).toBe(release.digest);
  });

  test('twice changes nothing, not even a receipt', async () => {
    await publish(pair, number, { marks });
    await exportTo(pair.vendor, pair.link, out);
    await importFrom(pair.customer, out);
    const before = entriesHere();
    const [again] = await importFrom(pair.customer, out);
    expect(again).toMatchObject({ isNews: false, entries: 0, failure: undefined });
    expect(entriesHere()).toBe(before);
  });

  test('that follows one that did not come waits, and says which is missing', async () => {
    await publish(pair, number, { marks });
    const one = await exportTo(pair.vendor, pair.link, at('one'));
    await publish(pair, `${number}1`, { marks });
    const two = await exportTo(pair.vendor, pair.link, at('two'), { after: madeLast() });
    expect(two.facts).toMatchObject({ follows: one.facts.number, entries: 1, after: one.facts.last });
    const before = entriesHere();
    const early = await importFrom(pair.customer, at('two'));
    expect(failureOf(early)).toBe('BUNDLE_EARLIER_MISSING waiting');
    expect(early[0]!.failure!.message).toContain(
      `have ${have().seq}, this begins at ${one.facts.last.seq + 1}, bundle ${one.facts.number} is missing`,
    );
    expect(entriesHere()).toBe(before);
    for (const name of ['one', 'two'])
      expect((await importFrom(pair.customer, at(name)))[0]!.failure).toBeUndefined();
    expect(have().seq).toBe(two.facts.last.seq);
  });

  test('that was interrupted goes on where it was', async () => {
    await offerFile(pair, number, root.file(`notes-${turn}`, randomBytes(5_000_000)));
    const made = await exportTo(pair.vendor, pair.link, out, { partBytes: 1_000_000 });
    const { file } = made.parts[3]!;
    renameSync(file, `${file}.away`);
    renameSync(`${file}.away`, join(root.path, 'away'));
    const pulled = await importFrom(pair.customer, out);
    expect(failureOf(pulled)).toBe('BUNDLE_PART_MISSING verification');
    expect(pulled[0]).toMatchObject({ entries: 1, isNews: true });
    const [waiting] = linkReplica(pair.customer, pair.link).incomingBlobs();
    expect(waiting?.sizeBytes).toBe(5_000_000);
    renameSync(join(root.path, 'away'), file);
    const done = await importFrom(pair.customer, out);
    expect(done[0]).toMatchObject({ entries: 0, isNews: true, failure: undefined });
    expect(linkReplica(pair.customer, pair.link).incomingBlobs()).toEqual([]);
  });
});

test('J2.7 an import that is asked to end says that it goes on when it is repeated', async () => {
  await publish(pair, number, { marks });
  await exportTo(pair.vendor, pair.link, out);
  const { bundles } = await findBundles([out]);
  const ending = new AbortController();
  const importer = importerOf(pair.customer);
  const link = importer.link(pair.link)!;
  const endsSoon = {
    ...link,
    have: () => {
      ending.abort();
      return link.have();
    },
  };
  const done = await importBundles(bundles, { ...importer, link: () => endsSoon }, { signal: ending.signal });
  expect(failureOf(done)).toBe('BUNDLE_INTERRUPTED refused');
  expect((await importFrom(pair.customer, out))[0]).toMatchObject({ isNews: true, failure: undefined });
});

test('J2.7 entries that begin later than their bundle says wait, and that is said', async () => {
  const { vendor, customer, link } = pair;
  for (const at of [1, 2]) await publish(pair, `${number}${at}`, { marks });
  const feed = vendor.log.feedTo(link);
  const [, second] = vendor.log.readFeed(feed, { epoch: 1, seq: have().seq + 1 }, 2);
  const { epoch, seq } = readHeader(second!.bytes);
  const source = {
    outgoing: (after: Place) => (after.seq < seq ? [{ ...second!, epoch, seq }] : []),
    openBlob: () => Promise.reject(new Error('there are no blobs')),
  };
  await exportTo(vendor, link, out, { source, withoutBlobs: true });
  expect(failureOf(await importFrom(customer, out))).toBe('BUNDLE_EARLIER_MISSING waiting');
});

describe('J2.8 T-57 a bundle that is not for here', () => {
  test('is refused by the name of whom it is for', async () => {
    await publish(pair, number, { marks });
    await exportTo(pair.vendor, pair.link, out);
    using metro = await makeInstance(root.path, `metro-${turn}`, pair.clock);
    pairWith(pair.vendor, metro, pair.between);
    const done = await importFrom(metro, out);
    expect(failureOf(done)).toBe('BUNDLE_NOT_FOR_US verification');
    expect(done[0]!.failure!.message).toContain(`it is for contoso (${pair.customer.identity.words})`);
  });

  test('from an unknown vendor is refused with the words of its certificate', async () => {
    using mallory = await makeInstance(root.path, `mallory-${turn}`, pair.clock);
    const link = pairWith(mallory, pair.customer, pair.between);
    await exportTo(mallory, link, out);
    const before = entriesHere();
    pair.customer.record(() => [{ to: 'self', event: removed(link) }]);
    const done = await importFrom(pair.customer, out);
    expect(failureOf(done)).toBe('BUNDLE_SENDER_UNKNOWN verification');
    expect(done[0]!.failure!.message).toContain(mallory.identity.words);
    expect(entriesHere()).toBe(before + 1);
  });

  test('J2.F9 receipts twice change nothing, and of an unknown customer are refused', async () => {
    await publish(pair, number, { marks });
    await exportTo(pair.vendor, pair.link, out);
    await importFrom(pair.customer, out);
    await exportTo(pair.customer, pair.link, at('back'));
    await importFrom(pair.vendor, at('back'));
    const entries = pair.vendor.log.entryCount();
    expect((await importFrom(pair.vendor, at('back')))[0]).toMatchObject({
      isNews: false,
      failure: undefined,
    });
    expect(pair.vendor.log.entryCount()).toBe(entries);
    using other = await makeInstance(root.path, `other-${turn}`, pair.clock);
    expect(failureOf(await importFrom(other, at('back')))).toBe('BUNDLE_NOT_FOR_US verification');
  });

  test('an old one that comes again is nothing new', async () => {
    await publish(pair, number, { marks });
    await exportTo(pair.vendor, pair.link, at('old'));
    await importFrom(pair.customer, at('old'));
    pair.clock.advance(30 * 86_400_000);
    await publish(pair, `${number}1`, { marks });
    await exportTo(pair.vendor, pair.link, out);
    await importFrom(pair.customer, out);
    const before = entriesHere();
    expect(await importFrom(pair.customer, at('old'))).toMatchObject([
      { isNews: false, failure: undefined, refused: [] },
    ]);
    expect(entriesHere()).toBe(before);
  });
});

test('J2.F3 T-56 several bundles in one folder, old ones too, are taken in in the right order', async () => {
  const names: string[] = [];
  for (const [index, name] of ['x', 'y', 'z'].entries()) {
    await publish(pair, `${number}${index}`, { marks });
    await exportTo(pair.vendor, pair.link, at(name), index === 0 ? {} : { after: madeLast() });
    names.push(name);
  }
  // The last one lies first in the folder, and one of them twice.
  for (const [index, name] of [...names.toReversed(), 'y'].entries())
    cpSync(at(name), join(out, `folder-${index}`), { recursive: true });
  const done = await importFrom(pair.customer, out);
  expect(done.map(({ failure, isNews }) => [failure, isNews])).toEqual(names.map(() => [undefined, true]));
  expect(have()).toMatchObject(madeLast().facts.last);
});

test('T-56 bundles that come one by one in any order end in the same log', async () => {
  for (const [index, name] of ['1', '2', '3'].entries()) {
    await publish(pair, `${number}${index}`, { marks });
    await exportTo(pair.vendor, pair.link, at(name), index === 0 ? {} : { after: madeLast() });
  }
  const outcomes: (string | undefined)[] = [];
  for (const name of ['3', '1', '2', '2', '3'])
    outcomes.push((await importFrom(pair.customer, at(name)))[0]!.failure?.code);
  expect(outcomes).toEqual(['BUNDLE_EARLIER_MISSING', undefined, undefined, undefined, undefined]);
  expect(have()).toMatchObject(madeLast().facts.last);
  expect(linkReplica(pair.customer, pair.link).incomingBlobs()).toEqual([]);
});

test('J2.F4 a package that this side said to hold and lost is named, and comes again when it is asked for', async () => {
  const release = await publish(pair, number, { marks });
  await bringAll(pair);
  const { sha256 } = release.document.packages[0]!;
  rmSync(pair.customer.blobs.path(sha256));
  await exportTo(pair.vendor, pair.link, at('all'), { release, again: false });
  const done = await importFrom(pair.customer, at('all'));
  expect(failureOf(done)).toBe('BUNDLE_PACKAGE_MISSING inputMissing');
  expect(done[0]!.failure!.message).toContain(`Orders.Web ${number}`);
  await exportTo(pair.vendor, pair.link, out, { release, again: true });
  expect((await importFrom(pair.customer, out))[0]!.failure).toBeUndefined();
  expect(pair.customer.holds(sha256)).toBe(true);
});

test('J2.F5 a customer that was put back after its receipt left is found out on both sides, and no place is signed twice', async () => {
  using folder = memoryFolder();
  const own = await makePair(folder.path);
  const { vendor, link } = own;
  await publish(own, '1.0.0', { marks });
  await exportTo(vendor, link, at('there'));
  const backup = join(folder.path, 'backup');
  own.customer.close();
  cpSync(join(folder.path, 'contoso'), backup, { recursive: true });
  chmodSync(join(backup, 'keys'), 0o700);
  // The receipt leaves.
  {
    using customer = await openInstance(join(folder.path, 'contoso'), { clock: own.clock });
    await importFrom(customer, at('there'));
    await exportTo(customer, link, at('back'));
  }
  expect((await importFrom(vendor, at('back')))[0]!.failure).toBeUndefined();
  // The backup hears that its own receipt is held there, and signs nothing more for that feed.
  using restored = await openInstance(backup, { clock: own.clock });
  own.clock.advance(1000);
  await publish(own, '1.1.0', { marks });
  await exportTo(vendor, link, at('again'), { again: true });
  await importFrom(restored, at('again'));
  expect(restored.log.doubts().map(({ doubt }) => doubt.code)).toEqual(['UNSURE']);
  await exportTo(restored, link, at('fork'), { again: true });
  const [fork] = await importFrom(vendor, at('fork'));
  expect(fork).toMatchObject({ isNews: false, failure: undefined, refused: [] });
  expect(fork!.stands!.seq).toBeLessThan(linkOf(vendor, link).inward.seq);
  expect(vendor.log.feeds().find(({ audience, own: ours }) => audience === link && !ours)?.frozen).toBe(
    false,
  );
  // What the backup lacks of its own comes back, and it signs again.
  await exportTo(vendor, link, at('given-back'));
  expect((await importFrom(restored, at('given-back')))[0]!.failure).toBeUndefined();
  expect(restored.log.doubts()).toEqual([]);
  vendor.close();
});

test('J2.F1 J2.F2 no password is ever asked for; a receiver that lost its keys pairs anew and gets a new bundle', async () => {
  await publish(pair, number, { marks });
  await exportTo(pair.vendor, pair.link, out);
  using anew = await makeInstance(root.path, `contoso-${turn}`, pair.clock);
  expect(failureOf(await importFrom(anew, out))).toBe('BUNDLE_NOT_FOR_US verification');
  const link = pairWith(pair.vendor, anew, pair.between);
  await exportTo(pair.vendor, link, at('anew'));
  expect((await importFrom(anew, at('anew')))[0]!.failure).toBeUndefined();
});

test('J2.F8 an entry of a newer version is kept as it is, and does not hinder what is known', async () => {
  const { vendor, customer, link } = pair;
  const newer = nextEntry(vendor, link, { name: 'future.thing', version: 1, data: { much: 'new' } });
  expect(await vendor.log.receive([newer])).toMatchObject([{ outcome: 'accepted' }]);
  await publish(pair, number, { marks });
  await exportTo(vendor, link, out);
  expect((await importFrom(customer, out))[0]!.failure).toBeUndefined();
  expect(readUnknownEntries(customer.db).map(({ type }) => type)).toContain('future.thing');
  expect(offered(pair, number)).toBeDefined();
});

describe('J2.F10 a certificate that was replaced between two bundles', () => {
  const introducedBy = (instance: Instance, company: string, signing = instance.keys.signing): Uint8Array =>
    sealIntroduction(
      {
        instanceId: instance.identity.instanceId,
        name: instance.identity.name,
        signingKey: signing.publicKey,
        sealingKey: instance.keys.sealing.publicKey,
        issuedAt: noon,
      },
      companyOf(company),
    );

  test('does not hinder taking in what the known key signed', async () => {
    await publish(pair, number, { marks });
    const introduction = introducedBy(pair.vendor, 'acme, renewed');
    await exportTo(pair.vendor, pair.link, out, { as: { introduction } });
    expect((await importFrom(pair.customer, out))[0]).toMatchObject({ isNews: true, failure: undefined });
  });

  test('is introduced by the old one inside the bundle; what was sealed or made before stays of use', async () => {
    using folder = memoryFolder();
    const own = await makePair(folder.path);
    const { link, clock } = own;
    await publish(own, '1.0.0', { marks });
    const first = await exportTo(own.vendor, link, at('first'));
    // Both sides change their keys while the bundle is under way; the vendor its certificate too.
    clock.advance(60_000);
    rotateKeys(own.customer, { company: companyOf('contoso') });
    rotateKeys(own.vendor, { company: companyOf('acme, renewed'), before: companyOf('acme') });
    own[Symbol.dispose]();
    using vendor = await openInstance(join(folder.path, 'acme'), { clock });
    using customer = await openInstance(join(folder.path, 'contoso'), { clock });
    expect((await importFrom(customer, at('first')))[0]).toMatchObject({ isNews: true, failure: undefined });
    const second = await exportTo(vendor, link, at('second'));
    expect(second.facts.from.introduction).not.toBe(first.facts.from.introduction);
    expect((await importFrom(customer, at('second')))[0]).toMatchObject({ isNews: true, failure: undefined });
    const again = await reissueTo(vendor, link, 1, { part: 1, out: at('first-again') });
    expect(readFileSync(again.parts[0]!.file).equals(readFileSync(first.parts[0]!.file))).toBe(true);
  });

  test('lends no belief to entries of somebody else who claims to be the vendor', async () => {
    const { vendor, customer, link } = pair;
    const mallory = signingKey(generateKeyPairSync('ed25519').privateKey);
    const event = {
      name: 'release.withdrawn',
      version: 1,
      data: { digest: '0'.repeat(64), reason: 'so be it' },
    };
    const forged = nextEntry(vendor, link, event, mallory);
    const { epoch, seq } = readHeader(forged.bytes);
    const source = {
      outgoing: (after: Place) => (after.seq < seq ? [{ ...forged, epoch, seq }] : []),
      openBlob: () => Promise.reject(new Error('there are no blobs')),
    };
    const as = { introduction: introducedBy(vendor, 'mallory', mallory), signing: mallory };
    await exportTo(vendor, link, out, { as, source });
    const before = entriesHere();
    const done = await importFrom(customer, out);
    expect(failureOf(done)).toBe('BUNDLE_CONTENT_REFUSED verification');
    expect(done[0]!.refused.map(({ code }) => code)).toEqual(['SIGNATURE_INVALID']);
    expect(entriesHere()).toBe(before);
  });
});

test('what comes before the words were compared is listed, and nobody is told of it', async () => {
  using folder = memoryFolder();
  using fresh = await makePair(folder.path, { confirmed: false });
  await publish(fresh, '1.0.0', { marks });
  await exportTo(fresh.vendor, fresh.link, out);
  expect((await importFrom(fresh.customer, out))[0]).toMatchObject({ isNews: true, failure: undefined });
  expect(linkOf(fresh.customer, fresh.link)).toMatchObject({ state: 'pending', receipted: { seq: 0 } });
  confirmLink(fresh.customer, fresh.link, fresh.vendor);
  giveReceipt(fresh.customer, fresh.link);
  expect(readWantedBlobs(fresh.customer.db)).toHaveLength(2);
  expect(readdirSync(out)).toContainEqual(expect.stringMatching(/^transport-cg\d{6}\.txt$/));
});

/** The next entry of an instance's feed for a link, made beside its log. */
function nextEntry(author: Instance, link: string, event: MadeEvent, key = author.keys.signing): SealedEntry {
  const last = outward(author, link).at(-1)!;
  const { feed, epoch, seq, audience } = readHeader(last.bytes);
  const place = { feed, epoch, audience, seq: seq + 1, previous: entryHash(last.bytes) };
  return sealEntry({ ...place, at: author.clock.now(), actor: 'somebody' }, event, key).sealed;
}

function removed(link: string) {
  return LinkRemoved.make({ link });
}
