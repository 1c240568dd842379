import { expect, test } from 'vitest';
import {
  registrationIndex,
  registrationLeaf,
  registrationPage,
  type Hive,
  type RegistrationFacts,
} from '../../../src/nuget/index.ts';
import { at, exampleShelf, type Wish } from './served-examples.ts';

type Leaf = { catalogEntry: { version: string; listed: boolean } };
type Index = {
  count: number;
  items: { '@id': string; count: number; lower: string; upper: string; items?: Leaf[] }[];
};

const factsOf = (wishes: readonly Wish[], hive: Hive = 'reg-semver2'): RegistrationFacts => {
  const { shelf, describe } = exampleShelf(wishes);
  return { at, hive, id: shelf.ids[0]!, describe };
};
const index = (facts: RegistrationFacts): Promise<Index | undefined> =>
  registrationIndex(facts) as Promise<Index | undefined>;
const versionsIn = (found: Index | undefined): string[] | undefined =>
  found?.items.flatMap(({ items }) => (items ?? []).map(({ catalogEntry }) => catalogEntry.version));

const dependencies = `<description>d</description><authors>Acme</authors><tags>a b</tags><dependencies>
  <group targetFramework="net8.0"><dependency id="Acme.Core" version="1.2" /><dependency id="Other" /></group>
  <group targetFramework="net472" /></dependencies>`;

test('an index tells of every version what a client decides by', async () => {
  const found = await index(factsOf([{ id: 'Acme.App', version: '1.0-Rc.1+build', metadata: dependencies }]));
  const registration = `${at.base}reg-semver2/acme.app/index.json`;
  const packageContent = `${at.base}flat/acme.app/1.0.0-rc.1/acme.app.1.0.0-rc.1.nupkg`;
  expect(found).toMatchObject({
    '@id': registration,
    count: 1,
    items: [
      {
        count: 1,
        lower: '1.0.0-rc.1',
        upper: '1.0.0-rc.1',
        parent: registration,
        items: [
          {
            '@id': `${at.base}reg-semver2/acme.app/1.0.0-rc.1.json`,
            packageContent,
            registration,
            catalogEntry: {
              id: 'Acme.App',
              version: '1.0.0-Rc.1+build',
              authors: 'Acme',
              description: 'd',
              tags: ['a', 'b'],
              listed: true,
              published: '2026-01-01T00:00:00.000Z',
              requireLicenseAcceptance: false,
              packageContent,
              dependencyGroups: [
                {
                  targetFramework: 'net8.0',
                  dependencies: [
                    { id: 'Acme.Core', range: '[1.2.0, )' },
                    { id: 'Other', range: '(, )' },
                  ],
                },
                { targetFramework: 'net472', dependencies: [] },
              ],
            },
          },
        ],
      },
    ],
  });
});

test('unlisted versions stay in an index and are marked', async () => {
  const found = await index(
    factsOf([
      { id: 'A', version: '1.0' },
      { id: 'A', version: '2.0', isListed: false },
    ]),
  );
  expect(found?.items[0]?.items?.map(({ catalogEntry }) => catalogEntry.listed)).toEqual([true, false]);
});

test('hives of older clients leave out what they would not understand, by its version or by what it needs', async () => {
  const wishes = [
    { id: 'A', version: '1.0.0' },
    { id: 'A', version: '1.1.0-beta' },
    { id: 'A', version: '1.2.0-beta.1' },
    { id: 'A', version: '1.3.0+build' },
    {
      id: 'A',
      version: '1.4.0',
      metadata: '<dependencies><dependency id="B" version="[1.0.0-a.1,2)"/></dependencies>',
    },
  ];
  const first = ['1.0.0', '1.1.0-beta'];
  expect(versionsIn(await index(factsOf(wishes, 'reg')))).toEqual(first);
  expect(versionsIn(await index(factsOf(wishes, 'reg-gz')))).toEqual(first);
  expect(versionsIn(await index(factsOf(wishes, 'reg-semver2')))).toEqual([
    ...first,
    '1.2.0-beta.1',
    '1.3.0+build',
    '1.4.0',
  ]);
  expect(await index(factsOf(wishes.slice(2, 4), 'reg'))).toBeUndefined();
});

test('a long index names its pages, and each is found where it says', async () => {
  const facts = factsOf(Array.from({ length: 130 }, (_, number) => ({ id: 'A', version: `1.${number}.0` })));
  const found = await index(facts);
  expect(found).toMatchObject({ count: 3 });
  expect(found?.items.map(({ count, lower, upper, items }) => [count, lower, upper, items])).toEqual([
    [64, '1.0.0', '1.63.0', undefined],
    [64, '1.64.0', '1.127.0', undefined],
    [2, '1.128.0', '1.129.0', undefined],
  ]);
  const all: string[] = [];
  for (const { '@id': address, lower, upper } of found!.items) {
    expect(address).toBe(`${at.base}reg-semver2/a/page/${lower}/${upper}.json`);
    const page = (await registrationPage(facts, lower, upper)) as { items: Leaf[] };
    all.push(...page.items.map(({ catalogEntry }) => catalogEntry.version));
  }
  expect(all).toEqual(Array.from({ length: 130 }, (_, number) => `1.${number}.0`));
  expect(await registrationPage(facts, '1.0.0', '1.127.0')).toBeUndefined();
  const short = await index(
    factsOf(Array.from({ length: 127 }, (_, number) => ({ id: 'A', version: `${number}` }))),
  );
  expect(versionsIn(short)).toHaveLength(127);
});

test('a leaf tells of one version where its index says so', async () => {
  const facts = factsOf([{ id: 'A', version: '1.0.0-x.1', isListed: false }]);
  const [each] = facts.id.versions;
  expect(await registrationLeaf(facts, each!)).toMatchObject({
    '@id': `${at.base}reg-semver2/a/1.0.0-x.1.json`,
    listed: false,
    packageContent: `${at.base}flat/a/1.0.0-x.1/a.1.0.0-x.1.nupkg`,
    registration: `${at.base}reg-semver2/a/index.json`,
  });
  expect(await registrationLeaf({ ...facts, hive: 'reg' }, each!)).toBeUndefined();
});

test('a package that says nothing that can be read is told of by nobody', async () => {
  const facts = factsOf([
    { id: 'A', version: '1.0' },
    { id: 'A', version: '2.0' },
  ]);
  const mute = { ...facts, describe: () => Promise.resolve(undefined) };
  expect(await index(mute)).toBeUndefined();
});
