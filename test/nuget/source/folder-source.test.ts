import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSource } from '../../../src/nuget/index.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { codeOf, laterRefusal } from '../../support/refusal.ts';
import { never } from '../repositories.ts';

let root: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => root[Symbol.dispose]());

function lies(path: string, content = path): void {
  const file = join(root.path, 'feed', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

async function fetched(id = 'Orders.Web', version = '1.0.0', bytesMax = 1000): Promise<string | undefined> {
  const folder = join(root.path, 'feed');
  using source = openSource({ kind: 'folder', name: 'share', folder }, { signal: never });
  const path = root.file('fetched');
  return (await source.fetch({ id, version }, { path, bytesMax })) ? readFileSync(path, 'utf8') : undefined;
}

describe('a folder of packages', () => {
  test.each([
    'orders.web/1.0.0/orders.web.1.0.0.nupkg',
    'Orders.Web/1.0/Orders.Web.1.0.nupkg',
    'Orders.Web.1.0.0.nupkg',
    'ORDERS.WEB.1.0.nupkg',
    'Orders.Web.1.0.0.0/Orders.Web.1.0.0.0.nupkg',
  ])('gives a package that lies there as %s', async (path) => {
    lies(path);
    lies('orders.web/2.0.0/orders.web.2.0.0.nupkg');
    lies('orders.web.extra/1.0.0/orders.web.extra.1.0.0.nupkg');
    lies('Orders.Web.Extra.1.0.0.nupkg');
    lies('Orders.Web.1.0.0-beta.nupkg');
    expect(await fetched()).toBe(path);
    expect(await fetched('Orders.Web', '1.0.0.0+build')).toBe(path);
    expect(await fetched('Orders.Web', '3.0.0')).toBeUndefined();
    expect(await fetched('Orders', '1.0.0')).toBeUndefined();
  });

  test('has none where only its folders are there', async () => {
    lies('orders.web/1.0.0/readme.txt');
    lies('orders.web/note.txt');
    mkdirSync(root.file('feed/orders.web/2.0.0/orders.web.2.0.0.nupkg'), { recursive: true });
    expect(await fetched()).toBeUndefined();
    expect(await fetched('Orders.Web', '2.0.0')).toBeUndefined();
    expect(existsSync(root.file('fetched'))).toBe(false);
  });

  test('gives nothing larger than what is wanted, and an empty file as it is', async () => {
    lies('Orders.Web.1.0.0.nupkg', 'x'.repeat(1001));
    expect(codeOf(await laterRefusal(() => fetched()))).toBe('SOURCE_ANSWER_TOO_LARGE verification');
    lies('Orders.Web.1.0.0.nupkg', '');
    expect(await fetched()).toBe('');
  });

  test('gives what our own disk does not take to nobody, and says which disk', async () => {
    lies('Orders.Web.1.0.0.nupkg');
    mkdirSync(root.file('fetched'));
    expect(codeOf(await laterRefusal(() => fetched()))).toBe('SOURCE_NOT_KEPT refused');
  });

  test('that is not there is no empty one', async () => {
    const error = await laterRefusal(() => fetched());
    expect(codeOf(error)).toBe('SOURCE_FOLDER_UNUSABLE refused');
    using source = openSource(
      { kind: 'folder', name: 'share', folder: root.file('feed') },
      { signal: never },
    );
    expect((await laterRefusal(() => source.look())).code).toBe('SOURCE_FOLDER_UNUSABLE');
    lies('note.txt');
    expect(await source.look()).toMatchObject({ takesPushes: true });
  });
});
