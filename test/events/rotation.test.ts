import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  EpochStarted,
  entryType,
  KeyReplaced,
  KeyRotated,
  openLog,
  sealHead,
  type FeedPoint,
  type Log,
  type SealedEntry,
} from '../../src/events/index.ts';
import {
  endorse,
  preAuthEncoding,
  sealIntroduction,
  signingKey,
  type CompanyCertificate,
  type SigningKey,
} from '../../src/identity/index.ts';
import { selfSigned } from '../support/certificates.ts';
import { allOf, by, deliver, forge, makePair, note, pointOf, type TestInstance } from './instance.ts';
import { company, testCatalog, type TestEvent } from './known.ts';

const refusal = (code: string): unknown => expect.objectContaining({ code });
const issued = Date.parse('2026-06-02T00:00:00Z');
const freshKey = (): SigningKey => signingKey(generateKeyPairSync('ed25519').privateKey);
const otherCompany = selfSigned('acme, next certificate', {
  validFrom: new Date('2026-01-01'),
  validTo: new Date('2036-01-01'),
});

type Wish = { key: SigningKey; by?: CompanyCertificate; at?: number; of?: string };

/** An introduction that names another key of the same instance. */
function introducing(author: TestInstance, { key, by: issuer = company, at = issued, of }: Wish): Uint8Array {
  const sealing = generateKeyPairSync('x25519').publicKey.export({ format: 'der', type: 'spki' });
  return sealIntroduction(
    {
      instanceId: of ?? author.instanceId,
      name: 'vendor',
      signingKey: key.publicKey,
      sealingKey: sealing.subarray(-32),
      issuedAt: at,
    },
    issuer,
  );
}

/** The log of an instance as a process opens it that has another key. */
function withKey({ db, clock, instanceId, folder }: TestInstance, signer: SigningKey): Log<TestEvent> {
  return openLog({
    db,
    clock,
    catalog: testCatalog,
    instanceId,
    signer,
    sideFile: join(folder, 'head'),
    pinFor: () => undefined,
  });
}

function append(log: Log<TestEvent>, feed: string, texts: readonly string[]): void {
  for (const text of texts) log.write((tx) => tx.append(feed, note(text), by));
}

/** A vendor whose feed has three entries, and a customer who holds them. */
async function begun(): Promise<ReturnType<typeof makePair>> {
  const pair = makePair();
  append(pair.vendor.log, pair.feed, ['two', 'three']);
  await deliver(pair.customer, allOf(pair.vendor, pair.feed));
  return pair;
}

/** The same after a rotation and two entries more, not yet delivered. */
async function rotated() {
  const pair = await begun();
  const key = freshKey();
  const introduction = introducing(pair.vendor, { key });
  pair.vendor.log.rotateKey({ introduction, key, ...by });
  const log = withKey(pair.vendor, key);
  append(log, pair.feed, ['five', 'six']);
  return { ...pair, key, introduction, log };
}

/** Signs an entry with any key at any place. */
function signed(
  author: TestInstance,
  link: string,
  place: { epoch?: number; seq: number; previous: string },
  event: Parameters<typeof forge>[3],
  key: SigningKey,
): SealedEntry & { hash: string } {
  return forge({ ...author, signer: key }, link, place, event);
}

const good = async (instance: TestInstance): Promise<void> =>
  expect(await instance.log.verify({ full: true })).toMatchObject({ ok: true });

describe('J1.24 a key that is rotated', () => {
  test('is announced under the old one; what either signed in its time is good, and stays so', async () => {
    const { vendor, customer, feed } = await rotated();
    const sent = allOf(vendor, feed);
    expect(await deliver(customer, sent)).toEqual([
      'known',
      'known',
      'known',
      'accepted',
      'accepted',
      'accepted',
    ]);
    expect(pointOf(customer, feed)).toEqual(pointOf(vendor, feed));
    for (const one of [vendor, customer]) {
      await good(one);
      one.reopen();
      await good(one);
      expect(await one.log.verify({ full: false })).toMatchObject({ ok: true });
    }
    expect(customer.log.introductions(feed)).toHaveLength(2);
  });

  test('is followed by a new receiver that gets all at once, and entry by entry', async () => {
    const { vendor, link, feed } = await rotated();
    for (const size of [6, 1]) {
      const { customer } = makePair();
      customer.pins.set(link, { ...[...customer.pins.values()][0]!, author: vendor.instanceId });
      const sent = allOf(vendor, feed);
      for (let at = 0; at < sent.length; at += size)
        expect(new Set(await deliver(customer, sent.slice(at, at + size)))).toEqual(new Set(['accepted']));
      await good(customer);
    }
  });

  test('signs nothing with the old key any more, at the author and at the receiver', async () => {
    const { vendor, customer, link, feed } = await rotated();
    vendor.reopen();
    expect(() => append(vendor.log, feed, ['old'])).toThrow(refusal('KEY_RETIRED'));
    const sent = allOf(vendor, feed);
    await deliver(customer, sent.slice(0, 4));
    const { hash } = pointOf(customer, feed);
    const late = signed(vendor, link, { seq: 5, previous: hash }, note('old key'), vendor.signer);
    expect(await deliver(customer, [late])).toEqual(['SIGNATURE_INVALID']);
    expect(await deliver(customer, sent)).toEqual([
      'known',
      'known',
      'known',
      'known',
      'accepted',
      'accepted',
    ]);
  });

  test('comes in any order: what came before it is asked for again, and nothing of the old key slips in', async () => {
    const { vendor, customer, link, feed } = await rotated();
    const sent = allOf(vendor, feed);
    const [, , third, fourth] = sent;
    const forged = signed(
      vendor,
      link,
      { seq: 5, previous: pointOf(vendor, feed).hash },
      note('x'),
      vendor.signer,
    );
    expect(await deliver(customer, [forged])).toEqual(['parked']);
    expect(await deliver(customer, [sent[4]!, sent[5]!])).toEqual(['SIGNATURE_INVALID', 'SIGNATURE_INVALID']);
    expect(await deliver(customer, [third!, fourth!])).toEqual(['known', 'accepted']);
    expect(pointOf(customer, feed).seq).toBe(4);
    expect(await deliver(customer, sent.toReversed())).toContain('accepted');
    await deliver(customer, sent);
    expect(pointOf(customer, feed)).toEqual(pointOf(vendor, feed));
    await good(customer);
  });

  test('seals heads that are believed, also right behind the rotation', async () => {
    const { vendor, customer, feed, log } = await rotated();
    const early = customer.log.receiveHead(log.sealHead(feed));
    expect(early).toMatchObject({ error: { code: 'SIGNATURE_INVALID' } });
    await deliver(customer, allOf(vendor, feed).slice(0, 4));
    expect(customer.log.receiveHead(log.sealHead(feed)).outcome).toBe('behind');
    await deliver(customer, allOf(vendor, feed));
    expect(customer.log.receiveHead(log.sealHead(feed)).outcome).toBe('same');
    const stolen = sealHead({ feed, ...pointOf(vendor, feed), issuedAt: issued * 2 }, vendor.signer);
    expect(customer.log.receiveHead(stolen)).toMatchObject({ error: { code: 'SIGNATURE_INVALID' } });
  });

  test('T-14 is refused without the company certificate, at the author and at the receiver', async () => {
    const cases: [
      string,
      (author: TestInstance, key: SigningKey) => Parameters<typeof KeyRotated.make>[0],
      string,
    ][] = [
      [
        'another certificate that nobody endorsed',
        (a, key) => ({ introduction: introducing(a, { key, by: otherCompany }) }),
        'CERTIFICATE_NOT_PINNED',
      ],
      [
        'another certificate that endorsed itself',
        (a, key) => {
          const introduction = introducing(a, { key, by: otherCompany });
          return { introduction, endorsement: endorse(introduction, otherCompany) };
        },
        'ENDORSEMENT_INVALID',
      ],
      [
        'an endorsement of another introduction',
        (a, key) => ({
          introduction: introducing(a, { key, by: otherCompany }),
          endorsement: endorse(introducing(a, { key: freshKey(), by: otherCompany }), company),
        }),
        'ENDORSEMENT_INVALID',
      ],
      [
        'an introduction that is not later',
        (a, key) => ({ introduction: introducing(a, { key, at: Date.parse('2026-06-01T00:00:00Z') }) }),
        'INTRODUCTION_SUPERSEDED',
      ],
      ['the first introduction again', (a) => ({ introduction: a.introduction }), 'INTRODUCTION_SUPERSEDED'],
      [
        'another instance',
        (a, key) => ({ introduction: introducing(a, { key, of: 'ab'.repeat(16) }) }),
        'INTRODUCTION_SUPERSEDED',
      ],
    ];
    for (const [what, make, code] of cases) {
      const { vendor, customer, link, feed } = await begun();
      const key = freshKey();
      const change = make(vendor, key);
      expect(() => vendor.log.rotateKey({ ...change, key, ...by }), what).toThrow(refusal(code));
      const { hash } = pointOf(vendor, feed);
      const entry = forge(vendor, link, { seq: 4, previous: hash }, KeyRotated.make(change));
      const [verdict] = await customer.log.receive([entry]);
      expect(verdict, what).toMatchObject({ error: { code: 'INTRODUCTION_REFUSED', details: { code } } });
      const next = signed(vendor, link, { seq: 4, previous: hash }, note('x'), key);
      expect(await deliver(customer, [next]), what).toEqual(['SIGNATURE_INVALID']);
      append(vendor.log, feed, ['the good one']);
      expect(await deliver(customer, allOf(vendor, feed))).toContain('accepted');
    }
  });

  test('J2.F10 T-14 goes over to a new certificate which the one before endorsed, one step after the other', async () => {
    const { vendor, customer, link, feed } = await begun();
    const [first, second] = [freshKey(), freshKey()];
    const introduction = introducing(vendor, { key: first, by: otherCompany });
    vendor.log.rotateKey({ introduction, endorsement: endorse(introduction, company), key: first, ...by });
    const log = withKey(vendor, first);
    append(log, feed, ['by the first']);
    // From here on the old certificate introduces nobody.
    const old = introducing(vendor, { key: second, at: issued + 1 });
    expect(() => log.rotateKey({ introduction: old, key: second, ...by })).toThrow(
      refusal('CERTIFICATE_NOT_PINNED'),
    );
    log.rotateKey({
      introduction: introducing(vendor, { key: second, by: otherCompany, at: issued + 2 }),
      key: second,
      ...by,
    });
    append(withKey(vendor, second), feed, ['by the second']);
    const sent = allOf(vendor, feed);
    // Leaving the first step out leads nowhere.
    expect(await deliver(customer, [sent[5]!])).toEqual(['SIGNATURE_INVALID']);
    await deliver(customer, sent);
    expect(pointOf(customer, feed)).toEqual(pointOf(vendor, feed));
    await good(customer);
    const { hash, seq } = pointOf(vendor, feed);
    const back = signed(
      vendor,
      link,
      { seq: seq + 1, previous: hash },
      KeyRotated.make({ introduction }),
      second,
    );
    const [verdict] = await customer.log.receive([back]);
    expect(verdict).toMatchObject({
      error: { code: 'INTRODUCTION_REFUSED', details: { code: 'INTRODUCTION_SUPERSEDED' } },
    });
  });
});

/** A stolen key: the thief has signed entries behind the third; the vendor replaces it from there on. */
async function stolen() {
  const pair = await begun();
  const { vendor, link, feed } = pair;
  const thief = vendor.signer;
  const { hash } = pointOf(vendor, feed);
  const theirs: (SealedEntry & { hash: string })[] = [];
  for (let seq = 4, previous = hash; seq <= 6; seq += 1) {
    const entry = signed(vendor, link, { seq, previous }, note(`thief ${seq}`), thief);
    theirs.push(entry);
    previous = entry.hash;
  }
  const key = freshKey();
  const introduction = introducing(vendor, { key });
  const revoke = (from = vendor.log.lastPosition() + 1) => {
    const done = vendor.log.replaceKey({ introduction, key, from, reason: 'stolen', ...by });
    return { ...done, log: withKey(vendor, key) };
  };
  return { ...pair, thief, theirs, key, introduction, revoke };
}

const texts = (instance: TestInstance): string[] =>
  [...instance.log.history()]
    .flat()
    .map(({ event }) => (event.known && event.name === 'note.made' ? event.data.text : event.name));

describe('T-13 a key that is revoked', () => {
  test('leaves what it signed before the point good and what came later void, whatever comes first', async () => {
    for (const order of ['theirs first', 'revocation first', 'theirs in between']) {
      const { vendor, customer, feed, theirs, revoke } = await stolen();
      if (order === 'theirs first')
        expect(await deliver(customer, theirs)).toEqual(['accepted', 'accepted', 'accepted']);
      append(revoke().log, feed, ['by the new key']);
      const sent = allOf(vendor, feed);
      const [begin, next] = sent.slice(-2);
      if (order === 'theirs in between') {
        expect(await deliver(customer, [theirs[0]!])).toEqual(['accepted']);
        expect(await deliver(customer, [next!, begin!, theirs[1]!])).toEqual([
          'SIGNATURE_INVALID',
          'accepted',
          'EPOCH_ENDED',
        ]);
      }
      await deliver(customer, sent);
      for (const verdict of await deliver(customer, theirs))
        expect(['EPOCH_ENDED', 'known']).toContain(verdict);
      expect(pointOf(customer, feed), order).toEqual(pointOf(vendor, feed));
      expect(texts(customer), order).toEqual([
        'feed.opened',
        'two',
        'three',
        'key.replaced',
        'by the new key',
      ]);
      expect(customer.log.feeds()[0]).toMatchObject({ frozen: false, epoch: 2 });
      await good(customer);
      customer.reopen();
      await good(customer);
    }
  });

  test('thaws nothing from a point at which the two histories have parted', async () => {
    const { vendor, customer, feed, theirs, revoke } = await stolen();
    await deliver(customer, theirs);
    append(vendor.log, feed, ['ours at the same place']);
    expect(await deliver(customer, allOf(vendor, feed))).toContain('EQUIVOCATION');
    expect(customer.log.feeds()[0]!.frozen).toBe(true);
    append(revoke().log, feed, ['new']);
    const verdicts = await deliver(customer, allOf(vendor, feed));
    expect(verdicts.slice(-2)).toEqual(['EPOCH_INVALID', 'SIGNATURE_INVALID']);
    expect(customer.log.feeds()[0]!.frozen).toBe(true);
  });

  test('from a point before the two histories part thaws a frozen feed without asking anybody', async () => {
    const { vendor, customer, feed, theirs, revoke } = await stolen();
    const behind = vendor.log.lastPosition() + 1;
    await deliver(customer, theirs);
    append(vendor.log, feed, ['ours at the same place']);
    await deliver(customer, allOf(vendor, feed));
    append(revoke(behind).log, feed, ['new']);
    expect((await deliver(customer, allOf(vendor, feed))).slice(-2)).toEqual(['accepted', 'accepted']);
    expect(customer.log.feeds()[0]).toMatchObject({ frozen: false });
    expect(texts(customer)).toEqual(['feed.opened', 'two', 'three', 'key.replaced', 'new']);
    expect(texts(vendor)).toEqual(texts(customer));
  });

  test('begins no epoch of its own from before it was revoked, and comes back by no old introduction', async () => {
    const { vendor, customer, link, feed, thief, theirs, introduction, revoke } = await stolen();
    const before: FeedPoint = { epoch: 1, seq: 3, hash: pointOf(vendor, feed).hash };
    append(revoke().log, feed, ['new']);
    await deliver(customer, allOf(vendor, feed));
    const place = { epoch: 3, seq: 1, previous: before.hash };
    const epoch = { epoch: 3, reason: 'x', lastKnown: before };
    const started = signed(vendor, link, place, EpochStarted.make(epoch), thief);
    expect(await deliver(customer, [started])).toEqual(['SIGNATURE_INVALID']);
    const replaced = KeyReplaced.make({ ...epoch, introduction: vendor.introduction });
    const [verdict] = await customer.log.receive([signed(vendor, link, place, replaced, thief)]);
    expect(verdict).toMatchObject({
      error: { code: 'INTRODUCTION_REFUSED', details: { code: 'INTRODUCTION_SUPERSEDED' } },
    });
    // Nor does the thief use the introduction of the new key.
    const borrowed = KeyReplaced.make({ ...epoch, introduction });
    expect(await deliver(customer, [signed(vendor, link, place, borrowed, thief)])).toEqual([
      'SIGNATURE_INVALID',
    ]);
    expect(await deliver(customer, theirs)).toEqual(['EPOCH_ENDED', 'EPOCH_ENDED', 'EPOCH_ENDED']);
    expect(texts(customer).at(-1)).toBe('new');
  });

  test('comes back by no introduction that was in force behind the entry from which the feed went on', async () => {
    const { vendor, customer, link, feed, key, introduction } = await rotated();
    await deliver(customer, allOf(vendor, feed));
    const third = vendor.log.entryAt(feed, { epoch: 1, seq: 3 })!;
    const before: FeedPoint = { epoch: 1, seq: 3, hash: third.hash };
    const next = freshKey();
    const again = introducing(vendor, { key: next, at: issued + 1 });
    withKey(vendor, key).replaceKey({
      introduction: again,
      key: next,
      from: third.pos + 1,
      reason: 'stolen',
      ...by,
    });
    await deliver(customer, allOf(vendor, feed));
    expect(pointOf(customer, feed)).toMatchObject({ epoch: 2, seq: 1 });
    // The stolen one was introduced later than what is in force behind the third entry, and still is not the newest.
    const event = KeyReplaced.make({ epoch: 3, reason: 'x', lastKnown: before, introduction });
    const replaced = signed(vendor, link, { epoch: 3, seq: 1, previous: before.hash }, event, key);
    const [verdict] = await customer.log.receive([replaced]);
    expect(verdict).toMatchObject({
      error: { code: 'INTRODUCTION_REFUSED', details: { code: 'INTRODUCTION_SUPERSEDED' } },
    });
    await good(customer);
  });

  test('is replaced by nobody but the company certificate', async () => {
    const { vendor, customer, link, feed } = await stolen();
    const lastKnown = pointOf(vendor, feed);
    const key = freshKey();
    const introduction = introducing(vendor, { key, by: otherCompany });
    const event = KeyReplaced.make({ epoch: 2, reason: 'x', lastKnown, introduction });
    const place = { epoch: 2, seq: 1, previous: lastKnown.hash };
    const [verdict] = await customer.log.receive([signed(vendor, link, place, event, key)]);
    expect(verdict).toMatchObject({
      error: { code: 'INTRODUCTION_REFUSED', details: { code: 'CERTIFICATE_NOT_PINNED' } },
    });
    expect(() => vendor.log.replaceKey({ introduction, key, from: 1, reason: 'x', ...by })).not.toThrow();
    const broken = introducing(vendor, { key }).map((byte, at) => (at === 40 ? byte ^ 1 : byte));
    const noise = KeyReplaced.make({ epoch: 2, reason: 'x', lastKnown, introduction: broken });
    expect(await deliver(customer, [signed(vendor, link, place, noise, key)])).toEqual([
      'INTRODUCTION_REFUSED',
    ]);
    expect(customer.log.feeds()[0]).toMatchObject({ epoch: 1, frozen: false });
  });

  test('is void from the given position on at its author too', async () => {
    const { vendor, feed, revoke } = await stolen();
    append(vendor.log, feed, ['doubtful', 'more']);
    const from = vendor.log.lastPosition() - 1;
    const { started, lost, log } = revoke(from);
    expect([started.length, lost]).toEqual([1, []]);
    append(log, feed, ['new']);
    expect(texts(vendor)).toEqual(['feed.opened', 'two', 'three', 'key.replaced', 'new']);
    expect(vendor.log.feeds()[0]).toMatchObject({ voidEntries: 2 });
    await good(vendor);
    const before = await stolen();
    expect(before.revoke(1)).toMatchObject({ started: [], lost: [before.feed] });
  });
});

test('a feed put back to before a rotation goes on by the certificate where nobody gives the rest back', async () => {
  const { vendor, customer, feed } = await begun();
  const path = join(vendor.folder, 'crossgap.db');
  vendor.db.pragma('wal_checkpoint(TRUNCATE)');
  copyFileSync(path, `${path}.backup`);
  const key = freshKey();
  const introduction = introducing(vendor, { key });
  vendor.log.rotateKey({ introduction, key, ...by });
  append(withKey(vendor, key), feed, ['five']);
  await deliver(customer, allOf(vendor, feed));
  withKey(vendor, key).saveHead();
  vendor.close();
  for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
  copyFileSync(`${path}.backup`, path);
  vendor.reopen();
  const log = withKey(vendor, key);
  expect(log.standing()).toMatchObject({ state: 'ROLLED_BACK' });
  // Its head tells the customer of the loss, though another key was in force at that place.
  expect(customer.log.receiveHead(log.sealHead(feed))).toMatchObject({ error: { code: 'ROLLBACK' } });
  expect(() => log.startEpoch({ reason: 'x', ...by })).toThrow(refusal('KEY_RETIRED'));
  log.startEpoch({ reason: 'nobody answers', introduction, ...by });
  append(log, feed, ['new']);
  await deliver(customer, allOf(vendor, feed));
  expect(texts(customer)).toEqual(['feed.opened', 'two', 'three', 'key.replaced', 'new']);
  expect(pointOf(customer, feed)).toEqual(pointOf(vendor, feed));
  for (const one of [vendor, customer]) await good(one);
});

test('T-26 who changes the keys in the file and signs anew with one of his own is found out by the introductions', async () => {
  const { vendor, feed } = await rotated();
  const triggers = vendor.db
    .prepare<[], { name: string; sql: string }>(
      `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE '%keeps_its_values'`,
    )
    .all();
  for (const { name } of triggers) vendor.db.exec(`DROP TRIGGER ${name}`);
  const own = freshKey();
  vendor.db.prepare('UPDATE feed_key SET public_key = ?').run(Buffer.from(own.publicKey));
  for (const seq of [5, 6]) {
    const { bytes } = vendor.log.entryAt(feed, { epoch: 1, seq })!.sealed;
    const signature = own.sign(preAuthEncoding(entryType, bytes));
    vendor.db.prepare('UPDATE entry SET signature = ? WHERE seq = ?').run(signature, seq);
  }
  for (const { sql } of triggers) vendor.db.exec(sql);
  vendor.reopen();
  expect(await vendor.log.verify({ full: true })).toMatchObject({
    ok: false,
    firstBad: { feed, seq: 5, code: 'LOG_FEED_CHANGED' },
  });
});
