import { describe, expect, test } from 'vitest';
import { explainDamage } from '../../../src/packages/index.ts';
import { buildZip, nuspecEntry, temporaryFolder, type RawEntry } from '../../support/build-nupkg.ts';

const entries: RawEntry[] = [
  nuspecEntry(),
  { name: 'content/index.html', content: '<h1>Orders</h1>'.repeat(30) },
  { name: 'content/app.bin', content: Buffer.alloc(900_000, 'application '), stored: true },
];

describe('what is damaged is named', () => {
  async function explained(alter: (bytes: Buffer) => Buffer | void): Promise<string[]> {
    using folder = temporaryFolder();
    const bytes = buildZip(entries);
    return await explainDamage(folder.file('x.nupkg', alter(bytes) ?? bytes));
  }
  const flip = (bytes: Buffer, name: string, further: number): void => {
    bytes[bytes.indexOf(name) + further]! ^= 4;
  };

  test('by the file whose content does not fit', async () => {
    const page = await explained((bytes) => flip(bytes, 'content/index.html', 28));
    expect(page).toEqual(['content/index.html']);
    const app = await explained((bytes) => flip(bytes, 'content/app.bin', 700_000));
    expect(app).toEqual(['content/app.bin']);
  });

  test('by all files that do not fit', async () => {
    const found = await explained((bytes) => {
      flip(bytes, 'content/index.html', 28);
      flip(bytes, 'content/app.bin', 30);
    });
    expect(found).toEqual(['content/index.html', 'content/app.bin']);
  });

  test('by what is wrong with the archive', async () => {
    expect(await explained((bytes) => flip(bytes, 'content/app.bin', 0))).toEqual([
      'of its entry "content/app.bin": its two headers name it differently',
    ]);
    expect(await explained((bytes) => bytes.subarray(0, 200_000))).toEqual(['its end is missing']);
    const holed = await explained((bytes) => Buffer.concat([bytes.subarray(0, 500), bytes.subarray(600)]));
    expect(holed).not.toEqual([]);
  });

  test('by nothing where nothing is damaged', async () => {
    expect(await explained(() => undefined)).toEqual([]);
  });
});

test('a name can not speak to the terminal', async () => {
  using folder = temporaryFolder();
  const bytes = buildZip([{ name: 'a\u001b[2Jb', content: 'x', both: { crc32: 1 } }]);
  const found = await explainDamage(folder.file('x', bytes));
  expect(found.join()).not.toContain('\u001b');
  expect(found.at(-1)).toBe('a\ufffd[2Jb');
});
