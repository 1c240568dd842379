import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findBundles, importBundles, type ReceivingLink } from '../../src/bundles/index.ts';
import { importerOf, recipientOf } from '../../src/cli/bundles/bundle-ends.ts';
import { addEnvironment, confirm, removeLink, told } from '../../src/commands/index.ts';
import { linkReplica } from '../../src/daemon/index.ts';
import { DeploymentReported } from '../../src/events/index.ts';
import { openInstance, rotateKeys, type Instance } from '../../src/instance/index.ts';
import { fleetRows, readReleases } from '../../src/projections/index.ts';
import { deploy, filesBelow, once } from '../daemon/company.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { companyOf, heldClock, linkOf, makeInstance, makeRelease, offer } from '../support/instances.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import { forge, recordOf } from './forge.ts';
import { bundleIn, inviteSite, makeSite, takeInvitationOf, type OpenDesk } from './open-desk.ts';
import { exportTo, importFrom, stick } from './support.ts';

let root: ReturnType<typeof memoryFolder>;
let desk: OpenDesk;
let vendor: Instance;
let link: string;
let name: string;
let out: string;
let turn = 0;
const sites: Instance[] = [];

beforeAll(async () => {
  root = memoryFolder();
  const clock = heldClock();
  vendor = await makeInstance(root.path, 'acme', clock);
  desk = { clock, root: root.path, vendor };
  vendor.record(() => addEnvironment([], { name: 'production', after: [], tags: [] }));
});
afterAll(() => {
  for (const site of sites) site.close();
  vendor.close();
  root[Symbol.dispose]();
});
beforeEach(async () => {
  turn += 1;
  name = `site-${turn}`;
  out = stick(root.path, `stick-${turn}`);
  link = inviteSite(desk, name);
  offer(vendor, makeRelease(vendor, `1.${turn}.0`), [link]);
  await exportTo(vendor, link, out);
});

const at = (folder: string): string => stick(root.path, `stick-${turn}-${folder}`);

/** A site that took the bundle on the stick in and has something to report. */
async function siteFrom(folder: string, called = name, company = 'site'): Promise<Instance> {
  const site = await makeSite(desk, called, company);
  sites.push(site);
  takeInvitationOf(site, await bundleIn(folder));
  await importFrom(site, folder);
  report(site);
  return site;
}

/** What the site tells of a run, as its executor would have told it. */
function report(site: Instance, state: 'succeeded' | 'failed' = 'succeeded'): void {
  const release = readReleases(site.db).findLast((row) => row.link === link)!;
  const at = desk.clock.now();
  const ran = DeploymentReported.read(1, {
    deployment: `deployment-${site.identity.name}`,
    process: release.process,
    release: release.number,
    digest: release.digest,
    environment: 'production',
    reason: 'deploy',
    state,
    startedAt: at,
    endedAt: at,
    failedAt: null,
    error: null,
    steps: [],
  });
  site.record(() => [told(link, DeploymentReported.make(ran))]);
}

const here = () => linkOf(vendor, link);
const answers = () =>
  [...vendor.log.pages({ after: 0 })]
    .flat()
    .flatMap(({ event }) =>
      event.known && event.name === 'link.answered' && event.data.link === link ? [event.data] : [],
    );
const fleet = () => fleetRows(vendor.db, desk.clock.now()).filter(({ customer }) => customer === name);
/** What a site sends home, on a medium of its own. */
const result = async (site: Instance, folder: string): Promise<string> => {
  await exportTo(site, link, at(folder));
  return at(folder);
};

describe('J2.17 the result of a site that nobody has met', () => {
  test("is the reply to the invitation: the link is pending, and what it tells is shown as nobody's word", async () => {
    const site = await siteFrom(out);
    const home = await result(site, 'home');
    const [done] = await importFrom(vendor, home);
    expect(done).toMatchObject({ answered: true, isNews: true, failure: undefined, refused: [], link: name });
    expect(here()).toMatchObject({ state: 'pending', peer: site.identity.instanceId });
    const { facts } = await bundleIn(home);
    expect(answers()).toEqual([
      expect.objectContaining({
        peer: site.identity.instanceId,
        bundle: { id: facts.id, number: facts.number },
      }),
    ]);
    expect(fleet()).toMatchObject([
      { environment: 'production', release: `1.${turn}.0`, state: 'succeeded', compared: false },
    ]);
  });

  test('J2.F9 twice changes nothing', async () => {
    const home = await result(await siteFrom(out), 'home');
    await importFrom(vendor, home);
    const before = vendor.log.entryCount();
    const [again] = await importFrom(vendor, home);
    expect(again).toMatchObject({ answered: false, isNews: false, failure: undefined });
    expect([vendor.log.entryCount(), answers().length]).toEqual([before, 1]);
  });

  test('that is cut off right after it answered goes on where it was', async () => {
    const home = await result(await siteFrom(out), 'home');
    const ending = new AbortController();
    const importer = importerOf(vendor);
    const link = (id: string): ReceivingLink => {
      const found = importer.link(id)!;
      return {
        ...found,
        answer(reply) {
          found.answer(reply);
          ending.abort();
        },
      };
    };
    const { bundles } = await findBundles([home]);
    const [cut] = await importBundles(bundles, { ...importer, link }, { signal: ending.signal });
    expect(codeOf(cut!.failure!)).toBe('BUNDLE_INTERRUPTED refused');
    expect(here()).toMatchObject({ state: 'pending', inward: { seq: 0 } });
    const [done] = await importFrom(vendor, home);
    expect(done).toMatchObject({ answered: false, isNews: true, failure: undefined });
    expect(answers()).toHaveLength(1);
  });

  test('counts once its words were compared, and is receipted then', async () => {
    const site = await siteFrom(out);
    await importFrom(vendor, await result(site, 'home'));
    await linkReplica(vendor, link).acknowledge();
    expect(here().receipted.seq).toBe(0);
    vendor.record(() => confirm(here(), site.identity.certificate.fingerprint));
    await linkReplica(vendor, link).acknowledge();
    expect(here()).toMatchObject({ state: 'confirmed', receipted: { seq: here().inward.seq } });
    expect(fleet()).toMatchObject([{ compared: true }]);
  });

  test('says what was held there, so that the next bundle is sealed to the site and carries the rest alone', async () => {
    const site = await siteFrom(out);
    await linkReplica(site, link).acknowledge();
    await importFrom(vendor, await result(site, 'home'));
    expect(here().confirmed.seq).toBeGreaterThan(0);
    vendor.record(() => confirm(here(), site.identity.certificate.fingerprint));
    offer(vendor, makeRelease(vendor, `2.${turn}.0`), [link]);
    const next = await exportTo(vendor, link, at('next'));
    expect(next.facts).toMatchObject({
      format: 1,
      to: { instance: site.identity.instanceId, words: site.identity.words },
      after: { seq: here().confirmed.seq },
    });
    expect(JSON.stringify(next.facts)).not.toContain('AGE-SECRET-KEY');
    const [done] = await importFrom(site, at('next'));
    expect(done).toMatchObject({ isNews: true, failure: undefined });
  });

  test('of a site that changed its keys and certificate meanwhile is taken in from its first entry on', async () => {
    const called = `moved-${turn}`;
    const moved = await siteFrom(out, called);
    desk.clock.advance(60_000);
    rotateKeys(moved, { company: companyOf('renewed'), before: companyOf('site') });
    sites.splice(sites.indexOf(moved), 1);
    moved.close();
    const site = await openInstance(join(root.path, called), { clock: desk.clock });
    sites.push(site);
    const [done] = await importFrom(vendor, await result(site, 'home'));
    expect(done).toMatchObject({ answered: true, failure: undefined, refused: [] });
    expect(fleet()).toMatchObject([{ state: 'succeeded', compared: false }]);
    expect(recipientOf(vendor, here())).toMatchObject({ words: site.identity.words });
  });

  test('arrives after a second open bundle was made: that one is taken in by the same site as any other', async () => {
    const site = await siteFrom(out);
    offer(vendor, makeRelease(vendor, `2.${turn}.0`), [link]);
    const second = await exportTo(vendor, link, at('second'));
    expect(second.facts).toMatchObject({ format: 2, number: 2 });
    await importFrom(vendor, await result(site, 'home'));
    expect(here().state).toBe('pending');
    const [done] = await importFrom(site, at('second'));
    expect(done).toMatchObject({ isNews: true, failure: undefined });
    report(site, 'failed');
    const [back] = await importFrom(vendor, await result(site, 'again'));
    expect(back).toMatchObject({ answered: false, isNews: true, failure: undefined });
    expect(answers()).toHaveLength(1);
  });
});

describe('T-17 who answers in the place of a site', () => {
  test('is not believed: words that were told are not those of a courier who answered first', async () => {
    const courier = await siteFrom(out, `courier-${turn}`, 'courier');
    const site = await siteFrom(out);
    await importFrom(vendor, await result(courier, 'forged'));
    expect(here()).toMatchObject({ state: 'pending', peer: courier.identity.instanceId });
    const { words } = recipientOf(vendor, here()) as { words: string };
    expect(words).toBe(courier.identity.words);
    expect(words).not.toBe(site.identity.words);
  });

  test('keeps the site from answering too, and both words are named', async () => {
    const courier = await siteFrom(out, `courier-${turn}`, 'courier');
    const site = await siteFrom(out);
    await importFrom(vendor, await result(courier, 'forged'));
    const before = vendor.log.entryCount();
    const [late] = await importFrom(vendor, await result(site, 'home'));
    expect(codeOf(late!.failure!)).toBe('BUNDLE_LINK_ANSWERED verification');
    expect(late!.failure!.message).toContain(courier.identity.words);
    expect(late!.failure!.message).toContain(site.identity.words);
    expect(vendor.log.entryCount()).toBe(before);
  });

  test('makes nothing executable and nothing is published to it', async () => {
    const courier = await siteFrom(out, `courier-${turn}`, 'courier');
    offer(courier, makeRelease(courier, `9.${turn}.0`), [link]);
    await importFrom(vendor, await result(courier, 'forged'));
    const [offered] = readReleases(vendor.db, `9.${turn}.0`).filter((row) => row.link === link);
    expect(codeOf(refusal(() => deploy(vendor, offered!, 'production')))).toBe('LINK_NOT_CONFIRMED refused');
    expect(codeOf(refusal(() => offer(vendor, makeRelease(vendor, `3.${turn}.0`), [link])))).toBe(
      'LINK_NOT_CONFIRMED refused',
    );
  });
});

test('T-17 nothing leaves by a line before the words of who answered by a bundle were compared', async () => {
  const between = join(root.path, `between-${turn}`);
  mkdirSync(between);
  link = inviteSite(desk, `lined-${turn}`, { kind: 'folder', folder: between });
  offer(vendor, makeRelease(vendor, `4.${turn}.0`), [link]);
  await exportTo(vendor, link, at('lined'));
  const site = await siteFrom(at('lined'), `lined-${turn}`);
  await importFrom(vendor, await result(site, 'home'));
  const left = (): string[] => filesBelow(between).filter((file) => !file.endsWith('.lock'));
  await once(vendor);
  expect(left()).toEqual([]);
  vendor.record(() => confirm(here(), site.identity.certificate.fingerprint));
  await once(vendor);
  expect(left()).not.toEqual([]);
});

describe('J2.F9 T-57 a result that belongs to no invitation here', () => {
  test('is refused once its link was removed, by name', async () => {
    const home = await result(await siteFrom(out), 'home');
    vendor.record(() => removeLink(here()));
    const [late] = await importFrom(vendor, home);
    expect(codeOf(late!.failure!)).toBe('BUNDLE_SENDER_UNKNOWN verification');
    expect(late!.failure!.message).toContain(`link ${name}, which it names, was removed here`);
    expect(here().state).toBe('removed');
  });

  test('is refused where its envelope claims another link than its entries were written for', async () => {
    const site = await siteFrom(out);
    await result(site, 'home');
    const other = inviteSite(desk, `other-${turn}`);
    const entries = site.log.readFeed(site.log.feedTo(link), { epoch: 1, seq: 1 }, 100);
    const forged = await forge({ vendor: site, customer: vendor, link: other }, at('claims'), {
      facts: { entries: entries.length, last: { epoch: 1, seq: entries.length } },
      records: entries.map(recordOf),
    });
    const [done] = await importFrom(vendor, forged);
    expect(codeOf(done!.failure!)).toBe('BUNDLE_MALFORMED verification');
    expect(linkOf(vendor, other)).toMatchObject({ state: 'invited', peer: null });
  });

  test('is refused where nothing in it answers', async () => {
    const site = await siteFrom(out);
    const empty = await forge({ vendor: site, customer: vendor, link }, at('empty'), {});
    const [done] = await importFrom(vendor, empty);
    expect(codeOf(done!.failure!)).toBe('BUNDLE_MALFORMED verification');
    expect(here().state).toBe('invited');
  });
});
