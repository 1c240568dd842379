import { expect, test } from 'vitest';
import { signPackage } from '../../src/packages/index.ts';
import { buildZip, nuspecEntry, temporaryFolder } from '../support/build-nupkg.ts';
import { selfSigned } from '../support/certificates.ts';

/** As many as a signed archive may have, the signature being one of them. */
const entriesMax = 65_533;

const counted = (count: number): Buffer =>
  buildZip([
    nuspecEntry(),
    ...Array.from({ length: count - 1 }, (_, n) => ({ name: `f/${n}`, content: '' })),
  ]);

test('a package is signed with as many entries as leave room for the signature, and not with one more', async () => {
  using folder = temporaryFolder();
  const acme = selfSigned('Acme');
  const [full, fits] = [entriesMax, entriesMax - 1].map((count) =>
    folder.file(`${count}.nupkg`, counted(count)),
  );
  await expect(signPackage(full!, full!, acme, { hash: 'sha256' })).rejects.toMatchObject({
    code: 'PACKAGE_TOO_LARGE',
    message: expect.stringContaining('(NU3039)'),
  });
  await expect(signPackage(fits!, fits!, acme, { hash: 'sha256' })).resolves.toMatchObject({ ok: true });
});
