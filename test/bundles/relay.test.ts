import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  findBundles,
  noteOf,
  noteShelf,
  writeNotes,
  type BundleFacts,
  type FoundBundle,
  type FoundPart,
  type ReadNote,
} from '../../src/bundles/index.ts';
import { sealIntroduction, signingKey as signingKeyOf } from '../../src/identity/index.ts';
import { filesHolding } from '../support/secret-forms.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { program } from '../support/companies.ts';
import { companyOf } from '../support/instances.ts';
import {
  altered,
  fails,
  imports,
  makeWay,
  notesOn,
  partsOn,
  passes,
  type Listed,
  type Made,
  type Store,
  type Way,
} from './relay-way.ts';

let root: ReturnType<typeof memoryFolder>;
let way: Way;
let made: Made;
/** What the vendor's courier carries. */
let stick: string;
beforeAll(async () => {
  root = memoryFolder();
  way = await makeWay(root.path);
});
afterAll(() => {
  way[Symbol.dispose]();
  root[Symbol.dispose]();
});
beforeEach(async () => {
  for (const host of ['bankair-dmz', 'bankair-inner'])
    for (const folder of ['relay', 'hops'])
      rmSync(join(root.path, host, folder), { recursive: true, force: true });
  await way.dmz.asks('bundle relay allow --for bankair');
  stick = way.medium();
  made = await way.bundle(stick);
});

const held = (): Promise<Store> => way.dmz.asks<Store>('bundle relay list');
const file = (part: number): string => `cg${String(made.bundle).padStart(6, '0')}.00${part}`;
const mine = async (): Promise<Listed[number]> =>
  (await way.acme.asks<Listed>('bundle list bankair')).find(({ bundle }) => bundle === made.bundle)!;

/** What somebody writes who calls himself the receiver, under another company certificate. */
function forgedArrival(facts: BundleFacts, parts: readonly FoundPart[]): ReadNote {
  const { instanceId, name, signingKey, sealingKey } = way.plant.identity;
  const key = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
  const issuedAt = Date.now();
  const introduction = sealIntroduction(
    { instanceId, name, signingKey: key.publicKey, sealingKey, issuedAt },
    companyOf('mallory'),
  );
  expect(signingKey).not.toEqual(key.publicKey);
  const self = { instance: instanceId, name, introduction, signing: key };
  const said = parts.map(({ part, content }) => ({ part, sha256: content.sha256 }));
  const shelf = noteShelf(join(root.path, 'nowhere'));
  const takenAt = new Date(issuedAt).toISOString();
  if (facts.format !== 1) throw new Error('no hop passes an open bundle on');
  return noteOf({ self, shelf }, facts, { takenAt, passedAt: null, parts: said });
}

/** Through the jump host, to a medium of its own. */
async function handOver(): Promise<string> {
  const onward = way.medium();
  await imports(way.dmz, stick);
  await passes(way.dmz, 'bankair', onward);
  return onward;
}

describe('J2.5 the hand-over at the jump host', () => {
  test('stores and passes on every part as it came, and can not read it', async () => {
    const before = way.hosts.dmz.log.entryCount();
    const taken = await imports(way.dmz, stick);
    expect(taken.bundles).toMatchObject([{ bundle: made.bundle, outcome: 'stored', stored: [1, 2, 3] }]);
    expect(way.hosts.dmz.log.entryCount()).toBe(before);
    const onward = way.medium();
    await passes(way.dmz, 'bankair', onward);
    expect(partsOn(onward)).toEqual(partsOn(stick));
    expect(notesOn(onward)).toHaveLength(1);
    expect(filesHolding(way.dmz.data, new Map([['notes', way.inside()]]))).toEqual(new Map());
    expect(filesHolding(way.acme.data, new Map([['notes', way.inside()]])).size).toBe(1);
  });

  test('the plant takes it in and sees by which hops it came', async () => {
    const onward = await handOver();
    const { bundles } = await imports(way.bankair, onward);
    expect(bundles).toMatchObject([
      {
        outcome: 'taken in',
        hops: [
          { hop: 1, name: 'bankair-dmz' },
          { name: 'bankair', arrived: true },
        ],
      },
    ]);
    const again = await way.bankair.types(['bundle', 'import', onward]);
    expect(again.stdout).toContain('nothing new');
  });

  test('the sender learns how far it came before any receipt, and of the arrival with the return bundle', async () => {
    const onward = await handOver();
    const news = way.medium();
    await passes(way.dmz, 'acme', news);
    expect(partsOn(news).size).toBe(0);
    expect((await imports(way.acme, news)).hops).toMatchObject([{ bundle: made.bundle }]);
    expect(await mine()).toMatchObject({ receipted: false, hops: [{ name: 'bankair-dmz', arrived: false }] });
    const list = await way.acme.types('bundle list bankair');
    const line = new RegExp(`^bankair +${made.bundle} .* passed bankair-dmz just now, no receipt yet$`, 'm');
    expect(list.stdout).toMatch(line);

    await imports(way.bankair, onward);
    const preview = await way.bankair.asks<{ hops: object[] }>('bundle export --to acme --preview');
    expect(preview.hops).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ bundle: made.bundle, name: 'bankair-dmz' }),
        expect.objectContaining({ bundle: made.bundle, name: 'bankair', passedAt: null }),
      ]),
    );
    const back = way.medium();
    await passes(way.bankair, 'acme', back);
    expect(notesOn(back)).toHaveLength(preview.hops.length);
    expect((await imports(way.dmz, back)).arrived).toEqual([{ bundle: made.bundle, to: 'bankair' }]);
    const home = way.medium();
    await passes(way.dmz, 'acme', home);
    expect(partsOn(home)).toEqual(partsOn(back));
    await imports(way.acme, home);
    expect(await mine()).toMatchObject({
      receipted: true,
      hops: [{ name: 'bankair-dmz' }, { name: 'bankair', arrived: true }],
    });
  });

  test('what arrived is let go at the relay, and does not come back there', async () => {
    const onward = await handOver();
    await imports(way.bankair, onward);
    const back = way.medium();
    await passes(way.bankair, 'acme', back);
    await imports(way.dmz, back);
    const { allowed, bundles } = await held();
    expect(
      bundles.find(({ bundle, arrivedAt }) => bundle === made.bundle && arrivedAt !== null)?.parts,
    ).toEqual([]);
    expect((await imports(way.dmz, stick)).bundles).toMatchObject([{ outcome: 'has arrived' }]);
    expect((await held()).allowed).toEqual(allowed);
  });

  test('twice changes nothing, neither coming nor going', async () => {
    const onward = await handOver();
    const store = await held();
    expect((await imports(way.dmz, stick)).bundles).toMatchObject([{ outcome: 'nothing new' }]);
    const once = new Map(readdirSync(onward).map((name) => [name, readFileSync(join(onward, name))]));
    await passes(way.dmz, 'bankair', onward);
    expect(new Map(readdirSync(onward).map((name) => [name, readFileSync(join(onward, name))]))).toEqual(
      once,
    );
    expect(await held()).toEqual(store);
  });

  test('J2.4 a part that was lost before is told, made again by the sender, and completes what lies there', async () => {
    rmSync(join(stick, file(2)));
    const lacking = await fails(way.dmz, 'bundle', 'import', stick);
    expect(lacking.exitCode).toBe(4);
    expect(lacking.error).toMatchObject({ code: 'BUNDLE_PART_MISSING', details: { missing: [2] } });
    expect((await held()).bundles).toMatchObject([{ parts: [{ part: 1 }, { part: 3 }] }]);
    const second = way.medium();
    await passes(way.acme, 'bankair', second, '--bundle', String(made.bundle), '--part', '2');
    expect((await imports(way.dmz, second)).bundles).toMatchObject([
      { outcome: 'stored', stored: [1, 2, 3] },
    ]);
    const onward = way.medium();
    await passes(way.dmz, 'bankair', onward);
    expect((await imports(way.bankair, onward)).bundles).toMatchObject([{ outcome: 'taken in' }]);
  });

  test('what came later is noted as well, though the rest had been passed on before', async () => {
    const late = way.medium();
    renameSync(join(stick, file(2)), join(late, file(2)));
    await fails(way.dmz, 'bundle', 'import', stick);
    const onward = way.medium();
    await passes(way.dmz, 'bankair', onward);
    expect(partsOn(onward).size).toBe(2);
    await imports(way.dmz, late);
    expect((await held()).bundles).toMatchObject([{ passedAt: null }]);
    await passes(way.dmz, 'bankair', onward);
    const bad = way.medium();
    altered(onward, bad, file(2));
    const answer = await fails(way.bankair, 'bundle', 'import', bad);
    expect(answer.error).toMatchObject({ code: 'RELAY_PART_ALTERED', details: { part: 2 } });
  });

  test('one part alone is passed on again where it was lost after the jump host', async () => {
    const onward = await handOver();
    const whole = partsOn(onward);
    rmSync(join(onward, file(3)));
    await passes(way.dmz, 'bankair', onward, '--bundle', String(made.bundle), '--part', '3');
    expect(partsOn(onward)).toEqual(whole);
  });
});

describe('T-42 a relay is never believed', () => {
  test('J2.5 a byte altered behind the jump host is refused at the plant, with the hop named', async () => {
    const onward = await handOver();
    const bad = way.medium();
    altered(onward, bad, file(2));
    const before = way.plant.log.entryCount();
    const answer = await fails(way.bankair, 'bundle', 'import', bad);
    expect(answer.exitCode).toBe(4);
    expect(answer.error.code).toBe('RELAY_PART_ALTERED');
    expect(answer.error.message).toContain('after bankair-dmz (');
    expect(answer.error.details).toMatchObject({ part: 2, hop: { name: 'bankair-dmz' } });
    expect(way.plant.log.entryCount()).toBeGreaterThanOrEqual(before);
    expect((await imports(way.bankair, onward)).bundles).toMatchObject([{ outcome: 'taken in' }]);
  });

  test('an altered front names the hop as well', async () => {
    const onward = await handOver();
    const bad = way.medium();
    altered(onward, bad, file(2), 60);
    const front = await fails(way.bankair, 'bundle', 'import', bad);
    expect([front.exitCode, front.error.code]).toEqual([4, expect.stringMatching(/^(?:BUNDLE|RELAY)_/)]);
    const signature = way.medium();
    const text = readFileSync(join(onward, file(2)));
    altered(onward, signature, file(2), 16 + text.readUInt32BE(12) + 5);
    const answer = await fails(way.bankair, 'bundle', 'import', signature);
    expect(answer.error).toMatchObject({
      code: 'RELAY_PART_ALTERED',
      details: { hop: { name: 'bankair-dmz' } },
    });
  });

  test('a byte altered between two relays is refused by the second, which names the first', async () => {
    await way.inner.asks('bundle relay allow --for bankair');
    const onward = await handOver();
    const bad = way.medium();
    altered(onward, bad, file(3));
    const answer = await fails(way.inner, 'bundle', 'import', bad);
    expect(answer.exitCode).toBe(4);
    expect(answer.error).toMatchObject({
      code: 'RELAY_PART_ALTERED',
      details: { hop: { name: 'bankair-dmz' } },
    });
    await imports(way.inner, onward);
    const last = way.medium();
    await passes(way.inner, 'bankair', last);
    expect((await imports(way.bankair, last)).bundles[0]?.hops).toMatchObject([
      { hop: 1, name: 'bankair-dmz' },
      { hop: 2, name: 'bankair-inner' },
      { name: 'bankair' },
    ]);
  });

  test('a byte altered before any relay is refused there; good parts stay', async () => {
    const bad = way.medium();
    altered(stick, bad, file(1));
    const answer = await fails(way.dmz, 'bundle', 'import', bad);
    expect([answer.exitCode, answer.error.code]).toEqual([4, 'BUNDLE_PART_DAMAGED']);
    expect(answer.error.details).toMatchObject({ part: 1 });
    expect((await imports(way.dmz, stick)).bundles).toMatchObject([{ outcome: 'stored', stored: [1, 2, 3] }]);
  });

  test('a relay whose own disk altered a part does not pass it on, and takes it in again', async () => {
    await imports(way.dmz, stick);
    const parts = join(way.dmz.data, 'relay', 'parts');
    const [stored] = readdirSync(parts, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /[0-9a-f]{64}$/.test(name),
    );
    const bytes = readFileSync(join(parts, stored!));
    bytes[bytes.length - 5]! ^= 1;
    writeFileSync(join(parts, stored!), bytes);
    const onward = way.medium();
    const answer = await fails(way.dmz, 'bundle', 'export', '--to', 'bankair', '--out', onward);
    expect([answer.exitCode, answer.error.code]).toEqual([4, 'RELAY_STORE_DAMAGED']);
    expect(readdirSync(onward)).toEqual([]);
    await imports(way.dmz, stick);
    await passes(way.dmz, 'bankair', onward);
    expect(partsOn(onward)).toEqual(partsOn(stick));
  });

  test('T-11 a part that was held back is missed, and who had it last is named', async () => {
    const onward = await handOver();
    rmSync(join(onward, file(2)));
    const answer = await fails(way.bankair, 'bundle', 'import', onward);
    expect([answer.exitCode, answer.error.code]).toEqual([4, 'BUNDLE_PART_MISSING']);
    expect(answer.error.message).toMatch(/bankair-dmz \([a-z ]+\) had it$/);
  });

  test('of small parts, the one that was altered is named', async () => {
    const small = way.medium();
    made = await way.bundle(small, '20KiB');
    expect(made.parts.length).toBeGreaterThan(6);
    await imports(way.dmz, small);
    const onward = way.medium();
    await passes(way.dmz, 'bankair', onward, '--bundle', String(made.bundle));
    for (const part of [3, 6]) {
      const bad = way.medium();
      altered(onward, bad, file(part));
      const answer = await fails(way.bankair, 'bundle', 'import', bad);
      expect(answer.error).toMatchObject({ code: 'RELAY_PART_ALTERED', details: { part } });
    }
    const bare = way.medium();
    altered(small, bare, file(4));
    const answer = await fails(way.bankair, 'bundle', 'import', bare);
    expect(answer.error.details).toMatchObject({ part: 4, hop: { name: 'bankair-dmz' } });
  });

  test.each([
    ['which does not read', (text: string) => text.replace('"hop"', '"hip"')],
    ['which another would have written', (text: string) => text.replace('"takenAt":"2', '"takenAt":"1')],
    ['of another part', (text: string) => text.replace(/"sha256":"./, '"sha256":"_')],
    ['of somebody else', (text: string) => text.replace('"name":"b', '"name":"d')],
    ['that was cut', (text: string) => text.slice(0, -10)],
  ])('a note %s is passed over, and hinders nothing', async (_how, change) => {
    const onward = await handOver();
    const [note] = notesOn(onward);
    const before = readFileSync(note!, 'latin1');
    writeFileSync(note!, change(before), 'latin1');
    expect(readFileSync(note!, 'latin1')).not.toBe(before);
    const answer = await fails(way.bankair, 'bundle', 'import', onward);
    expect(answer.exitCode, answer.stderr).toBe(0);
    expect(answer.stderr).toContain('passed over');
    expect(answer.json).toMatchObject({ bundles: [{ outcome: 'taken in', hops: [] }] });
  });

  test('a relay lets nothing go because somebody else said that it arrived', async () => {
    await way.inner.asks('bundle relay allow --for bankair');
    const onward = await handOver();
    await imports(way.inner, onward);
    const back = way.medium();
    await passes(way.inner, 'acme', back);
    const [{ facts, parts }] = (await findBundles([stick])).bundles as [FoundBundle];
    await writeNotes(back, [forgedArrival(facts, [...parts.values()])]);
    expect(notesOn(back)).toHaveLength(3);
    expect((await imports(way.dmz, back)).arrived).toEqual([]);
    expect((await held()).bundles).toMatchObject([{ arrivedAt: null, parts: [{}, {}, {}] }]);
  });
});

describe('what an operator allows', () => {
  test('nothing is stored that nobody allowed, and its receiver is named', async () => {
    const answer = await fails(way.inner, 'bundle', 'import', stick);
    expect([answer.exitCode, answer.error.code]).toEqual([4, 'BUNDLE_NOT_FOR_US']);
    expect(answer.error.message).toContain('it is for bankair');
    expect(existsSync(join(way.inner.data, 'relay'))).toBe(false);
  });

  test.each(['instance', 'words', 'sender'] as const)('it is named by %s as well', async (how) => {
    const { identity } = how === 'sender' ? way.vendor : way.plant;
    const who = { instance: identity.instanceId, words: identity.words, sender: identity.words }[how];
    await way.inner.asks(['bundle', 'relay', 'allow', '--for', who]);
    expect((await imports(way.inner, stick)).bundles).toMatchObject([{ outcome: 'stored' }]);
  });

  test('a bundle beyond the quota is refused whole, and taken in once there is room', async () => {
    await way.dmz.asks('bundle relay allow --for bankair --quota 100kB');
    const answer = await fails(way.dmz, 'bundle', 'import', stick);
    expect([answer.exitCode, answer.error.code]).toEqual([3, 'RELAY_QUOTA_EXCEEDED']);
    expect(await held()).toMatchObject({ allowed: [{ usedBytes: 0 }], bundles: [] });
    await way.dmz.asks('bundle relay allow --for bankair --quota 1MB');
    await imports(way.dmz, stick);
    const next = way.medium();
    await way.bundle(next);
    await way.dmz.asks('bundle relay allow --for bankair --quota 300kB');
    expect((await fails(way.dmz, 'bundle', 'import', next)).error.code).toBe('RELAY_QUOTA_EXCEEDED');
    await way.dmz.asks('bundle relay drop --to bankair');
    expect((await imports(way.dmz, next)).bundles[0]).toMatchObject({ outcome: 'stored' });
  });

  test('what was forbidden again is no longer taken in; what lies there is still passed on', async () => {
    await imports(way.dmz, stick);
    await way.dmz.asks('bundle relay forbid --for bankair');
    expect((await fails(way.dmz, 'bundle', 'import', stick)).error.code).toBe('BUNDLE_NOT_FOR_US');
    const onward = way.medium();
    await passes(way.dmz, 'bankair', onward);
    expect(partsOn(onward)).toEqual(partsOn(stick));
  });

  test('a receiver that nothing came for is unknown; what is sealed is not made otherwise', async () => {
    const onward = way.medium();
    const unknown = await fails(way.dmz, 'bundle', 'export', '--to', 'metro', '--out', onward);
    expect(unknown.error.code).toBe('LINK_UNKNOWN');
    await imports(way.dmz, stick);
    for (const wrong of [
      ['--again'],
      ['--part-size', '1MB'],
      ['--bundle', '999'],
      ['--bundle', '1', '--part', '9'],
    ]) {
      const answer = await fails(way.dmz, 'bundle', 'export', '--to', 'bankair', '--out', onward, ...wrong);
      expect(answer.exitCode, wrong.join(' ')).toBe(2);
    }
  });
});

describe('J2.5 a relay that was killed half-way', () => {
  const killed = async (fault: string, ...args: string[]): Promise<void> => {
    const child = spawn(process.execPath, [program, '--data', way.dmz.data, 'bundle', ...args], {
      stdio: 'ignore',
      env: { ...process.env, CROSSGAP_FAULT: fault },
    });
    const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    expect(signal, fault).toBe('SIGKILL');
  };

  test.each(['relay.part-stored:2', 'relay.recorded'])(
    'while taking in, at %s, goes on where it was',
    async (fault) => {
      await killed(fault, 'import', stick);
      expect((await imports(way.dmz, stick)).bundles).toMatchObject([
        { outcome: 'stored', stored: [1, 2, 3] },
      ]);
      const onward = way.medium();
      await passes(way.dmz, 'bankair', onward);
      expect(partsOn(onward)).toEqual(partsOn(stick));
    },
  );

  test('while passing on, says not that it passed, and does it again', async () => {
    await imports(way.dmz, stick);
    const onward = way.medium();
    await killed('relay.part-passed', 'export', '--to', 'bankair', '--out', onward);
    expect((await held()).bundles).toMatchObject([{ passedAt: null }]);
    await passes(way.dmz, 'bankair', onward);
    expect((await imports(way.bankair, onward)).bundles).toMatchObject([{ outcome: 'taken in' }]);
  });

  test('a medium that holds both ways at once is sorted out', async () => {
    const onward = await handOver();
    await imports(way.bankair, onward);
    await passes(way.bankair, 'acme', onward);
    cpSync(stick, onward, { recursive: true });
    const taken = await imports(way.dmz, onward);
    expect(taken.bundles.map(({ outcome }) => outcome).toSorted()).toEqual(['has arrived', 'stored']);
  });
});
