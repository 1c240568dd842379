import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readFileFacts, signPackage } from '../../../src/packages/index.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { selfSigned } from '../../support/certificates.ts';
import { codeOf, laterRefusal } from '../../support/refusal.ts';
import { never, packed, pushFile } from '../repositories.ts';

let root: ReturnType<typeof temporaryFolder>;
let feed: string;
let file: string;
beforeEach(async () => {
  root = temporaryFolder();
  feed = root.file('feed');
  mkdirSync(feed);
  file = await packed(root.file('Orders.Web.1.0.0-Beta.nupkg'), { version: '1.0.0-Beta' });
});
afterEach(() => root[Symbol.dispose]());

const push = (path = file, folder = feed) =>
  pushFile({ kind: 'folder', name: 'share', folder }, path, { signal: never });
const version = () => join(feed, 'orders.web', '1.0.0-beta');
const sha512 = (path: string) => createHash('sha512').update(readFileSync(path)).digest('base64');

async function signed(name: string, path = file): Promise<string> {
  await signPackage(path, root.file(name), selfSigned('Repository'), { hash: 'sha256' });
  return root.file(name);
}

describe('a push to a folder', () => {
  test('lays a package out as NuGet does, with the hash of the file and that of its content', async () => {
    const path = await signed('signed.nupkg');
    expect(await push(path)).toEqual({ outcome: 'taken', warnings: [] });
    expect(readdirSync(join(feed, 'orders.web'))).toEqual(['1.0.0-beta']);
    expect(readdirSync(version()).toSorted()).toEqual([
      '.nupkg.metadata',
      'orders.web.1.0.0-beta.nupkg',
      'orders.web.1.0.0-beta.nupkg.sha512',
      'orders.web.nuspec',
    ]);
    const at = (name: string) => join(version(), name);
    expect(readFileSync(at('orders.web.1.0.0-beta.nupkg'))).toEqual(readFileSync(path));
    expect(readFileSync(at('orders.web.1.0.0-beta.nupkg.sha512'), 'utf8')).toBe(sha512(path));
    expect(JSON.parse(readFileSync(at('.nupkg.metadata'), 'utf8'))).toEqual({
      version: 2,
      contentHash: sha512(file),
    });
    expect(readFileSync(at('orders.web.nuspec'), 'utf8')).toContain('<id>Orders.Web</id>');
  });

  test('of what is there, in whatever file, changes nothing', async () => {
    await push();
    const before = readFileSync(join(version(), 'orders.web.1.0.0-beta.nupkg'));
    expect(await push(await signed('signed.nupkg'))).toEqual({ outcome: 'there', warnings: [] });
    expect(readFileSync(join(version(), 'orders.web.1.0.0-beta.nupkg'))).toEqual(before);
  });

  test('T-94 of another content than what is there is an alarm, and replaces nothing', async () => {
    await push();
    const other = await packed(root.file('other.nupkg'), { version: '1.0.0-BETA', content: 'other' });
    const error = await laterRefusal(() => push(other));
    expect(codeOf(error)).toBe('SOURCE_CONTENT_DIFFERS verification');
    const [ours, theirs] = [await readFileFacts(other), await readFileFacts(file)];
    expect(error.details).toMatchObject({ expected: ours.contentDigest, found: theirs.contentDigest });
    expect(readFileSync(join(version(), 'orders.web.1.0.0-beta.nupkg'))).toEqual(readFileSync(file));
    expect(readdirSync(join(feed, 'orders.web'))).toEqual(['1.0.0-beta']);
  });

  test('goes beside the packages of a flat folder, which is read no deeper', async () => {
    writeFileSync(join(feed, 'Other.1.0.0.nupkg'), '');
    expect(await push()).toMatchObject({ outcome: 'taken' });
    expect(readdirSync(feed).toSorted()).toEqual(['Orders.Web.1.0.0-beta.nupkg', 'Other.1.0.0.nupkg']);
    expect(await push()).toMatchObject({ outcome: 'there' });
  });

  test('T-94 does not replace a flat package that somebody puts there in between', async () => {
    writeFileSync(join(feed, 'Other.1.0.0.nupkg'), '');
    const other = readFileSync(
      await packed(root.file('other.nupkg'), { version: '1.0.0-BETA', content: 'other' }),
    );
    const target = join(feed, 'Orders.Web.1.0.0-beta.nupkg');
    const copying = (): void => {
      if (readdirSync(feed).some((name) => name.endsWith('.tmp'))) writeFileSync(target, other);
      else setImmediate(copying);
    };
    copying();
    expect(codeOf(await laterRefusal(() => push()))).toBe('SOURCE_CONTENT_DIFFERS verification');
    expect(readFileSync(target)).toEqual(other);
    expect(readdirSync(feed).toSorted()).toEqual(['Orders.Web.1.0.0-beta.nupkg', 'Other.1.0.0.nupkg']);
  });

  test('goes on where one before it was cut off', async () => {
    await push();
    // As it lies there before the rename.
    renameSync(version(), join(feed, 'orders.web', '.0123456789abcdef.tmp'));
    expect(await push()).toMatchObject({ outcome: 'taken' });
    expect(await push()).toMatchObject({ outcome: 'there' });
  });

  test('does not take the place of a version that somebody else is about to put there', async () => {
    mkdirSync(version(), { recursive: true });
    writeFileSync(join(version(), 'half.nupkg.tmp'), '');
    expect(codeOf(await laterRefusal(() => push()))).toBe('SOURCE_FOLDER_UNUSABLE refused');
    expect(readdirSync(join(feed, 'orders.web'))).toEqual(['1.0.0-beta']);
  });

  test('to a folder that is not there makes none', async () => {
    const error = await laterRefusal(() => push(file, root.file('mistyped')));
    expect(codeOf(error)).toBe('SOURCE_FOLDER_UNUSABLE refused');
    expect(readdirSync(root.path)).not.toContain('mistyped');
  });
});
