import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Decrypter } from 'age-encryption';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ageHeaderLength, nonceBytes, openAgeHeader } from '../../src/bundles/age-keys.ts';
import { payloadKey } from '../../src/bundles/age-payload.ts';
import { ageFileBytes } from '../../src/bundles/content.ts';
import {
  findBundles,
  inspectBundles,
  isForRelay,
  setAllowance,
  type Exported,
  type OpenFacts,
} from '../../src/bundles/index.ts';
import { cautionOf } from '../../src/cli/bundles/bundle-ends.ts';
import { relayOf } from '../../src/cli/bundles/relay-end.ts';
import { acceptInvitation } from '../../src/commands/index.ts';
import { bundleInvitation, invitationText } from '../../src/cli/links/invitation-file.ts';
import { linkReplica } from '../../src/daemon/index.ts';
import { openInstance, rotateKeys, type Instance } from '../../src/instance/index.ts';
import { readReleases } from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { companyOf, heldClock, linkOf, makeInstance, makeRelease, offer } from '../support/instances.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import { requires } from '../support/requires.ts';
import { bundleIn, inviteSite, makeSite, takeInvitationOf, type OpenDesk } from './open-desk.ts';
import { exportTo, importFrom, reissueTo, stick } from './support.ts';

let root: ReturnType<typeof memoryFolder>;
let desk: OpenDesk;
let vendor: Instance;
let link: string;
let name: string;
let out: string;
let turn = 0;

beforeAll(async () => {
  root = memoryFolder();
  const clock = heldClock();
  vendor = await makeInstance(root.path, 'acme', clock);
  desk = { clock, root: root.path, vendor };
});
afterAll(() => {
  vendor.close();
  root[Symbol.dispose]();
});
beforeEach(() => {
  turn += 1;
  name = `site-${turn}`;
  out = stick(root.path, `stick-${turn}`);
  link = inviteSite(desk, name);
  offer(vendor, makeRelease(vendor, `1.${turn}.0`), [link]);
});

const at = (folder: string): string => stick(root.path, `stick-${turn}-${folder}`);
const openIn = (made: Exported): OpenFacts => {
  if (made.facts.format !== 2) throw new Error('it is sealed to one receiver');
  return made.facts;
};

describe('J2.9 a bundle for whom nobody has met', () => {
  test('is open: it names a link, and says in front that who has the file can read it', async () => {
    const made = await exportTo(vendor, link, out);
    expect(made.facts).toMatchObject({ format: 2, link, to: { name }, number: 1 });
    expect(made.facts.to).not.toHaveProperty('instance');
    const [part] = made.parts;
    expect(readFileSync(part!.file)[8]).toBe(2);
    expect(readFileSync(made.sheet, 'utf8')).toContain('OPEN: who has the file can read it');
    const [inspected] = await inspectBundles(await findBundles([out]));
    expect(inspected).toMatchObject({ complete: true, missing: [] });
  });

  test('brings the very invitation that is written for the link', async () => {
    const { open } = openIn(await exportTo(vendor, link, out));
    expect(open.invitation).toBe(invitationText(vendor, linkOf(vendor, link)));
  });

  test('is opened by hand with the identity in its envelope', async () => {
    const { open } = openIn(await exportTo(vendor, link, out));
    const { parts } = await bundleIn(out);
    const { path, frontBytes } = parts.get(1)!;
    const decrypter = new Decrypter();
    decrypter.addIdentity(open.identity);
    const inside = Buffer.from(await decrypter.decrypt(readFileSync(path).subarray(frontBytes)));
    expect(inside.toString('latin1')).toContain(`"link":"${link}"`);
  });

  test('is taken in where its invitation was, and twice changes nothing', async () => {
    const made = await exportTo(vendor, link, out);
    using site = await makeSite(desk, name);
    takeInvitationOf(site, await bundleIn(out));
    const [done] = await importFrom(site, out);
    expect(done).toMatchObject({ entries: made.facts.entries, failure: undefined, answered: false });
    expect(readReleases(site.db, `1.${turn}.0`)).toMatchObject([{ link }]);
    const [again] = await importFrom(site, out);
    expect(again).toMatchObject({ isNews: false, failure: undefined });
  });

  test('has a key of its own each time, and everything in it until a receipt came', async () => {
    const one = openIn(await exportTo(vendor, link, at('one')));
    const two = openIn(await exportTo(vendor, link, at('two')));
    expect(two.open.identity).not.toBe(one.open.identity);
    expect([two.number, two.after, two.entries]).toEqual([2, { epoch: 0, seq: 0 }, one.entries]);
  });

  test('is cut into parts, any of which is made again byte for byte', async () => {
    const notes = root.file(`notes-${turn}`, Buffer.alloc(200_000, 'notes '));
    const { digest, sizeBytes } = await vendor.blobs.putFile(notes);
    const made = await exportTo(vendor, link, out, {
      partBytes: 64 * 1024,
      blobs: [{ digest, sizeBytes, attempt: 0, kind: 'other', name: 'notes' }],
    });
    expect(made.parts.length).toBeGreaterThan(3);
    const again = await reissueTo(vendor, link, 1, { part: undefined, out: at('again') });
    expect(again.parts.map(({ sha256 }) => sha256)).toEqual(made.parts.map(({ sha256 }) => sha256));
    for (const [index, { file }] of again.parts.entries())
      expect(readFileSync(file).equals(readFileSync(made.parts[index]!.file))).toBe(true);
  });
});

describe('J2.F10 an open bundle of a vendor whose certificate was replaced since the one before', () => {
  test('is taken in where that one was, and nowhere else, which is said when it is made', async () => {
    const called = `renewed-${turn}`;
    const before = await makeSite(desk, called);
    const its = inviteSite({ ...desk, vendor: before }, name);
    offer(before, makeRelease(before, '1.0.0'), [its]);
    await exportTo(before, its, at('before'));
    expect(cautionOf(before, linkOf(before, its))).toBeUndefined();
    desk.clock.advance(60_000);
    rotateKeys(before, { company: companyOf('renewed'), before: companyOf('site') });
    before.close();
    using renewed = await openInstance(join(root.path, called), { clock: desk.clock });
    offer(renewed, makeRelease(renewed, '2.0.0'), [its]);
    await exportTo(renewed, its, at('after'));
    expect(cautionOf(renewed, linkOf(renewed, its))).toContain('only a site that took an earlier bundle in');
    using known = await makeSite(desk, `known-${turn}`);
    takeInvitationOf(known, await bundleIn(at('before')));
    for (const folder of ['before', 'after'])
      expect((await importFrom(known, at(folder)))[0]).toMatchObject({ isNews: true, failure: undefined });
    using fresh = await makeSite(desk, `fresh-${turn}`);
    takeInvitationOf(fresh, await bundleIn(at('after')));
    const [done] = await importFrom(fresh, at('after'));
    expect(codeOf(done!.failure!)).toBe('BUNDLE_CONTENT_REFUSED verification');
    expect(done!.failure!.message).toContain('INTRODUCTION_REFUSED');
    expect(readReleases(fresh.db)).toEqual([]);
  });
});

describe.runIf(
  requires('age', 'opening a bundle by hand') && requires('python3', 'reading the key in its envelope'),
)('by hand', () => {
  test('an open bundle of several parts is opened as the format page says', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/bundle-format.md'), 'utf8');
    const script = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].at(-1)![1]!;
    const made = await exportTo(vendor, link, out, { partBytes: 16 * 1024 });
    execFileSync('sh', ['-euc', script], { cwd: out });
    const inside = readFileSync(join(out, 'inside'));
    const manifest = inside.subarray(9, 9 + Number(inside.readBigUInt64BE(1))).toString();
    expect(JSON.parse(manifest)).toMatchObject({ link, id: made.facts.id, to: null });
  });
});

describe('an open bundle is refused', () => {
  test('where its invitation was not taken in, with the command that does it', async () => {
    await exportTo(vendor, link, out);
    using site = await makeSite(desk, name);
    const [done] = await importFrom(site, out);
    expect(codeOf(done!.failure!)).toBe('BUNDLE_SENDER_UNKNOWN verification');
    expect(done!.failure!.message).toContain(vendor.identity.words);
    expect(done!.failure!.hint).toContain(`crossgap link accept ${(await bundleIn(out)).parts.get(1)!.path}`);
    expect(readReleases(site.db)).toEqual([]);
  });

  test('by who made it', async () => {
    await exportTo(vendor, link, out);
    const [done] = await importFrom(vendor, out);
    expect(codeOf(done!.failure!)).toBe('BUNDLE_NOT_FOR_US verification');
    expect(linkOf(vendor, link).state).toBe('invited');
  });

  test('by a relay, which could not know for whom it is, whatever it allows', async () => {
    await exportTo(vendor, link, out);
    using hop = await makeSite(desk, `hop-${turn}`);
    const relay = relayOf(hop);
    setAllowance(relay.root, 'acme', 1_000_000_000);
    expect(isForRelay(await bundleIn(out), relay)).toBe(false);
    expect(codeOf((await importFrom(hop, out))[0]!.failure!)).toBe('BUNDLE_SENDER_UNKNOWN verification');
  });

  test('by an instance that took an invitation of the same link from somebody else', async () => {
    await exportTo(vendor, link, out);
    using stranger = await makeSite(desk, `stranger-${turn}`, 'stranger');
    using site = await makeSite(desk, name);
    const peer = { instanceId: stranger.identity.instanceId, introduction: stranger.identity.bytes };
    site.record(() => acceptInvitation([], { link, name: 'stranger', transport: { kind: 'hand' }, peer }));
    const [done] = await importFrom(site, out);
    expect(codeOf(done!.failure!)).toBe('BUNDLE_SENDER_UNKNOWN verification');
    expect(readReleases(site.db)).toEqual([]);
  });

  test('with a changed byte in front, whichever it is', async () => {
    const made = await exportTo(vendor, link, out);
    const { file } = made.parts[0]!;
    const good = readFileSync(file);
    const { frontBytes } = (await bundleIn(out)).parts.get(1)!;
    for (let byte = 12; byte < frontBytes; byte += 97) {
      const bad = Buffer.from(good);
      bad[byte] = bad[byte]! ^ 1;
      writeFileSync(file, bad);
      const { bundles, spoilt } = await findBundles([out]);
      expect([byte, bundles.length, spoilt.map(({ unfit }) => unfit)]).toEqual([byte, 0, ['damaged']]);
    }
  });

  test('with a version in front that is not that of its envelope', async () => {
    const made = await exportTo(vendor, link, out);
    const { file } = made.parts[0]!;
    const bytes = readFileSync(file);
    bytes[8] = 1;
    writeFileSync(join(out, 'other'), bytes);
    const { spoilt } = await findBundles([join(out, 'other')]);
    expect(spoilt).toMatchObject([{ unfit: 'damaged' }]);
  });
});

describe('T-54 the key of an open bundle in the hands of somebody else', () => {
  /** The content of its only part, opened, changed, and sealed again under the very same key. */
  async function resealed(change: (inside: Buffer) => void): Promise<string> {
    const made = openIn(await exportTo(vendor, link, out));
    const { path, frontBytes } = (await bundleIn(out)).parts.get(1)!;
    const bytes = readFileSync(path);
    const decrypter = new Decrypter();
    decrypter.addIdentity(made.open.identity);
    const inside = Buffer.from(await decrypter.decrypt(bytes.subarray(frontBytes)));
    change(inside);
    const front = bytes.subarray(
      frontBytes,
      frontBytes + ageHeaderLength(bytes.subarray(frontBytes))! + nonceBytes,
    );
    const header = front.subarray(0, front.length - nonceBytes);
    const fileKey = await openAgeHeader(header, [made.open.identity]);
    const key = payloadKey({ fileKey, nonce: front.subarray(header.length) });
    const plaintext = {
      sizeBytes: inside.length,
      async *read(from: number) {
        yield inside.subarray(from);
      },
    };
    const sealed: Buffer[] = [bytes.subarray(0, frontBytes)];
    for await (const piece of ageFileBytes({ front, plaintext, key }, 0, Number.MAX_SAFE_INTEGER))
      sealed.push(Buffer.from(piece));
    writeFileSync(path, Buffer.concat(sealed));
    return path;
  }

  test('seals what passes where nothing was changed', async () => {
    await resealed(() => undefined);
    using site = await makeSite(desk, name);
    takeInvitationOf(site, await bundleIn(out));
    expect((await importFrom(site, out))[0]).toMatchObject({ isNews: true, failure: undefined });
  });

  test('seals nothing else: the part is damaged, and nothing of it is taken in', async () => {
    await resealed((inside) => {
      const at = inside.indexOf('"assumed":[]');
      inside.write('"Assumed":[]', at);
    });
    using site = await makeSite(desk, name);
    takeInvitationOf(site, await bundleIn(out));
    const before = site.log.entryCount();
    const [done] = await importFrom(site, out);
    expect(codeOf(done!.failure!)).toBe('BUNDLE_PART_DAMAGED verification');
    expect(done!.failure!.details).toMatchObject({ part: 1 });
    expect(site.log.entryCount()).toBe(before);
  });

  test('signs no front: another invitation in it is refused', async () => {
    const made = await exportTo(vendor, link, out);
    const { file } = made.parts[0]!;
    const bytes = readFileSync(file);
    const at = bytes.indexOf('crossgap-invitation/1');
    bytes.write('crossgap-Invitation/1', at);
    writeFileSync(file, bytes);
    expect(await findBundles([out])).toMatchObject({ bundles: [], spoilt: [{ unfit: 'damaged' }] });
  });

  test('opens no other bundle of the link', async () => {
    const first = openIn(await exportTo(vendor, link, at('first')));
    await exportTo(vendor, link, out);
    const { path, frontBytes } = (await bundleIn(out)).parts.get(1)!;
    const decrypter = new Decrypter();
    decrypter.addIdentity(first.open.identity);
    await expect(decrypter.decrypt(readFileSync(path).subarray(frontBytes))).rejects.toThrow();
  });

  test('brings an invitation of another link or another author nowhere', async () => {
    const mine = linkOf(vendor, link);
    const other = inviteSite(desk, `other-${turn}`);
    using stranger = await makeSite(desk, `stranger-${turn}`, 'stranger');
    using site = await makeSite(desk, name);
    for (const invitation of [
      invitationText(vendor, linkOf(vendor, other)),
      invitationText(stranger, mine),
    ]) {
      const folder = at(`forged-${invitation.length}-${invitation.indexOf(other)}`);
      await exportTo(vendor, link, folder, { recipient: { name, invitation } });
      const found = await bundleIn(folder);
      expect(codeOf(refusal(() => bundleInvitation(site, found)))).toBe('INVITATION_INVALID verification');
    }
  });
});

test('J2.9 T-59 an open bundle says in every place that it is no secret, and a sealed one is not opened by its envelope', async () => {
  const open = await exportTo(vendor, link, out);
  expect(readFileSync(open.parts[0]!.file).toString('latin1')).toContain('AGE-SECRET-KEY-1');
  using site = await makeSite(desk, name);
  takeInvitationOf(site, await bundleIn(out));
  await importFrom(site, out);
  await linkReplica(site, link).acknowledge();
  const sealed = await exportTo(site, link, at('home'));
  expect(readFileSync(sealed.parts[0]!.file).toString('latin1')).not.toContain('AGE-SECRET-KEY-1');
  const { path, frontBytes } = (await bundleIn(at('home'))).parts.get(1)!;
  const decrypter = new Decrypter();
  decrypter.addIdentity(openIn(open).open.identity);
  await expect(decrypter.decrypt(readFileSync(path).subarray(frontBytes))).rejects.toThrow();
});
