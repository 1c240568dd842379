import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A package to begin from, and how it is judged. */
export type Base = {
  readonly name: string;
  readonly bytes: Buffer;
  /** SHA-256 fingerprints of certificates. */
  readonly pins: readonly string[];
  readonly at: Date;
};

/**
 * One of ours with entries of every kind (stored, deflated, large, with each form of descriptor, a folder, names beyond
 * ASCII, extra fields), signed by a self-signed certificate; its key was thrown away.
 */
const ours = {
  name: 'every-kind.nupkg',
  pins: ['c2f9e62d59accdebf23b61700f1707427ed60bed1ebf5e2d4b023c2e3535266f'],
  at: '2026-06-01T00:00:00Z',
};

/** What others signed: with time stamps, a repository countersignature, as a repository; some of it not to be believed. */
const theirs = [
  {
    name: 'TestSigned.leaf-1.1.0.0.nupkg',
    pins: [
      '557276839c961df211cf267b318d880568676efa41e8b62d9bb38752c1d6214d',
      '2399561127a57125de8cefea610ddf2fa078b5c8067f4e828290bfb860e84b3c',
    ],
    at: '2040-01-01T00:00:00Z',
  },
  {
    name: 'TestAuthorAndRepoSigned.leaf-1.1.0.0.nupkg',
    pins: ['557276839c961df211cf267b318d880568676efa41e8b62d9bb38752c1d6214d'],
    at: '2026-01-01T00:00:00Z',
  },
  {
    name: 'UntrustedTimestampPackage.nupkg',
    pins: ['9e7b16abcd7ed7acb115366d122e41df69427283f9cfdad26c9fa3945d9b2c89'],
    at: '2026-01-01T00:00:00Z',
  },
  {
    name: 'TestRepoSigned.leaf-1.1.0.0.nupkg',
    pins: ['557276839c961df211cf267b318d880568676efa41e8b62d9bb38752c1d6214d'],
    at: '2026-01-01T00:00:00Z',
  },
  {
    name: 'SignedPackage.1.0.0.nupkg',
    pins: ['493b81122e733ab5ee6c7e520fe9fab0119def53b74fa56a53a16c1556032089'],
    at: '2026-01-01T00:00:00Z',
  },
];

/** Those that are there: the ones of others lie beside the checkout. */
export function bases(): Base[] {
  const root = resolve(import.meta.dirname, '../../..');
  const folders = {
    ours: join(root, 'test/fixtures/packages'),
    theirs: join(root, '../shared/vectors/nupkg'),
  };
  const read = (folder: string, base: typeof ours): Base[] => {
    const path = join(folder, base.name);
    return existsSync(path) ? [{ ...base, at: new Date(base.at), bytes: readFileSync(path) }] : [];
  };
  return [...read(folders.ours, ours), ...theirs.flatMap((base) => read(folders.theirs, base))];
}
