import { open } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { verifiedFiles } from '../../src/daemon/verified-files.ts';
import { silentLog } from '../../src/log.ts';
import { parseVersion } from '../../src/packages/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { addOwnPackage } from '../support/feed.ts';
import { heldClock, makeInstance } from '../support/instances.ts';

test('a file that could not be read once is looked at again the next time', async () => {
  using folder = memoryFolder();
  const clock = heldClock();
  const instance = await makeInstance(folder.path, 'acme', clock);
  const sha256 = await addOwnPackage(instance, folder.path, { id: 'Acme.App', version: '1.0.0' });
  let isThere = false;
  const path = (digest: string): string => (isThere ? instance.blobs.path(digest) : folder.file('nowhere'));
  const files = verifiedFiles({ ...instance, blobs: { ...instance.blobs, path } }, silentLog(), () => 'same');
  const verifyAt = clock.now();
  const version = parseVersion('1.0.0')!;
  const each = {
    id: 'Acme.App',
    version,
    isListed: true,
    publishedAt: 0,
    sha256,
    sizeBytes: 0,
    link: '',
    verifyAt,
  };
  await using file = await open(instance.blobs.path(sha256));
  await expect(files.verify(file, each)).rejects.toMatchObject({ code: 'PACKAGE_FILE_UNREADABLE' });
  isThere = true;
  expect(await files.verify(file, each)).toBe(true);
  instance.close();
});
