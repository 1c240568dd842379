import { describe, expect, test } from 'vitest';
import { autocompleteAnswer, readSearchQuery, searchAnswer } from '../../../src/nuget/index.ts';
import { at, exampleShelf, type Wish } from './served-examples.ts';

const wishes: readonly Wish[] = [
  { id: 'Contoso.Orders', version: '1.0', metadata: '<description>of others</description>' },
  {
    id: 'Orders',
    version: '1.0',
    metadata: '<description>The shop</description><authors>Acme, Ltd</authors>',
  },
  { id: 'Orders', version: '1.1', metadata: '<tags>shop web</tags><title>Order Desk</title>' },
  { id: 'Orders', version: '2.0-beta' },
  { id: 'Orders', version: '2.0-rc.1' },
  {
    id: 'Orders.Web',
    version: '1.0',
    metadata: '<authors>Acme</authors><description>shows orders</description>',
  },
  { id: 'Orders.Web', version: '3.0', isListed: false },
  { id: 'Stock', version: '1.0', metadata: '<packageTypes><packageType name="DotnetTool"/></packageTypes>' },
  { id: 'Tool', version: '1.0+x', metadata: '<tags>shop</tags>' },
  { id: 'Withdrawn', version: '1.0', isListed: false },
];

type Answer = { totalHits: number; data: { id: string; version: string; versions: { version: string }[] }[] };
const { shelf, describe: described } = exampleShelf(wishes);

const search = (query: string): Promise<Answer> =>
  searchAnswer(
    shelf,
    { at, describe: described },
    readSearchQuery(new URLSearchParams(query)),
  ) as Promise<Answer>;
const found = async (query: string): Promise<string[]> =>
  (await search(query)).data.map(({ id, version }) => `${id} ${version}`);

describe('a search', () => {
  test('finds the id itself first, then those that begin with it, then those that hold it, then others', async () => {
    expect(await found('q=orders')).toEqual(['Orders 1.1.0', 'Orders.Web 1.0.0', 'Contoso.Orders 1.0.0']);
    expect(await found('q=ORDERS.W')).toEqual(['Orders.Web 1.0.0']);
  });

  test('looks into ids, titles, descriptions and tags, for all words', async () => {
    expect(await found('q=desk')).toEqual(['Orders 1.1.0']);
    expect(await found('q=shows')).toEqual(['Orders.Web 1.0.0']);
    expect(await found('q=shop&semVerLevel=2.0.0')).toEqual(['Orders 1.1.0', 'Tool 1.0.0+x']);
    expect(await found('q=shop+web')).toEqual(['Orders 1.1.0']);
    expect(await found('q=shop+stock')).toEqual([]);
    expect(await found('q=tags:web')).toEqual(['Orders 1.1.0']);
    expect(await found('q=packageid:orders')).toEqual(['Orders 1.1.0']);
    expect(await found('q=id:orders')).toHaveLength(3);
    expect(await found('q=author:acme')).toEqual(['Orders.Web 1.0.0']);
  });

  test('without words finds everything that is stable, listed and known to older clients', async () => {
    expect(await found('')).toEqual([
      'Contoso.Orders 1.0.0',
      'Orders 1.1.0',
      'Orders.Web 1.0.0',
      'Stock 1.0.0',
    ]);
    expect(await search('q=nothing')).toEqual({ totalHits: 0, data: [] });
  });

  test('tells of pre-releases and of SemVer 2 those who ask for them', async () => {
    const versions = async (query: string): Promise<string[]> =>
      (await search(`q=packageid:orders&${query}`)).data[0]!.versions.map(({ version }) => version);
    expect(await versions('prerelease=false')).toEqual(['1.0.0', '1.1.0']);
    expect(await versions('prerelease=true')).toEqual(['1.0.0', '1.1.0', '2.0.0-beta']);
    expect(await versions('prerelease=True&semVerLevel=2.0.0')).toEqual([
      '1.0.0',
      '1.1.0',
      '2.0.0-beta',
      '2.0.0-rc.1',
    ]);
    expect(await found('q=tool')).toEqual([]);
  });

  test('gives the part that is asked for, twenty and never more than a thousand', async () => {
    expect(await search('skip=1&take=2')).toMatchObject({
      totalHits: 4,
      data: [{ id: 'Orders' }, { id: 'Orders.Web' }],
    });
    expect(await found('skip=9')).toEqual([]);
    expect(await found('take=0')).toEqual([]);
    expect(readSearchQuery(new URLSearchParams('take=-1&skip=x')).take).toBe(20);
    expect(readSearchQuery(new URLSearchParams('take=99999')).take).toBe(1000);
    expect(readSearchQuery(new URLSearchParams('take=-1&skip=x')).skip).toBe(0);
  });

  test('tells apart types of packages', async () => {
    expect(await found('packageType=dotnettool')).toEqual(['Stock 1.0.0']);
    expect(await found('packageType=Dependency')).not.toContain('Stock 1.0.0');
    expect(await found('packageType=None')).toEqual([]);
  });

  test('gives each hit in the form clients read', async () => {
    const registration = `${at.base}reg-semver2/orders/index.json`;
    expect(await search('q=packageid:orders&semVerLevel=2.0.0')).toEqual({
      totalHits: 1,
      data: [
        {
          '@id': registration,
          '@type': 'Package',
          registration,
          id: 'Orders',
          version: '1.1.0',
          title: 'Order Desk',
          description: '',
          authors: [],
          owners: [],
          tags: ['shop', 'web'],
          totalDownloads: 0,
          verified: false,
          packageTypes: [{ name: 'Dependency' }],
          versions: ['1.0.0', '1.1.0'].map((version) => ({
            '@id': `${at.base}reg-semver2/orders/${version}.json`,
            version,
            downloads: 0,
          })),
        },
      ],
    });
  });

  test('of a modern client opens only the newest package of each id', async () => {
    const fresh = exampleShelf(wishes);
    const query = readSearchQuery(new URLSearchParams('q=orders&prerelease=false&semVerLevel=2.0.0'));
    await searchAnswer(fresh.shelf, { at, describe: fresh.describe }, query);
    expect(new Set(fresh.asked)).toEqual(
      new Set([
        'Contoso.Orders 1.0.0.0',
        'Orders 1.1.0.0',
        'Orders.Web 1.0.0.0',
        'Stock 1.0.0.0',
        'Tool 1.0.0.0',
      ]),
    );
  });
});

describe('completion', () => {
  const complete = (query: string): Promise<object> => {
    const params = new URLSearchParams(query);
    return autocompleteAnswer(shelf, described, readSearchQuery(params), params.get('id') ?? undefined);
  };

  test('gives ids that hold what was typed, the closest first', async () => {
    expect(await complete('q=orders')).toEqual({
      totalHits: 3,
      data: ['Orders', 'Orders.Web', 'Contoso.Orders'],
    });
    expect(await complete('q=withdrawn')).toEqual({ totalHits: 0, data: [] });
    expect(await complete('q=orders&take=1&skip=1')).toEqual({ totalHits: 3, data: ['Orders.Web'] });
  });

  test('gives the listed versions of an id', async () => {
    expect(await complete('id=orders&prerelease=true')).toMatchObject({
      data: ['1.0.0', '1.1.0', '2.0.0-beta'],
    });
    expect(await complete('id=orders.web')).toMatchObject({ data: ['1.0.0'] });
    expect(await complete('id=nobody')).toMatchObject({ data: [] });
  });
});
