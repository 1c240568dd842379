import { describe, expect, test } from 'vitest';
import { isNamed } from '../../src/settings/index.ts';
import { Settings } from '../../src/settings/schema.ts';

const nexus = { name: 'nexus', url: 'https://nuget.contoso.example/v3/index.json' };

function problems(values: object): string[] {
  const { error } = Settings.safeParse(values);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a repository in the settings', () => {
  test('is fetched from, over TLS, and told who we are nowhere else, unless something else is written', () => {
    expect(Settings.parse({ source: [nexus] }).source).toEqual([
      { ...nexus, 'allow-insecure': false, 'credential-hosts': [], fetch: true, packages: ['*'] },
    ]);
    expect(problems({ source: [{ name: 'share', folder: '/srv/packages' }] })).toEqual([]);
  });

  test.each([
    ['neither address nor folder', { url: undefined }, /expected either url or folder/],
    ['both', { folder: '/srv' }, /expected either url or folder/],
    ['another kind of address', { url: 'ftp://nuget.contoso.example/' }, /http/],
    [
      'a password in the address',
      { url: 'https://me:secret@nuget.contoso.example/' },
      /without a user or password/,
    ],
    [
      'a password in clear',
      { password: 'secret' },
      /source\.0\.password: never stands here in clear: .*crossgap source secret/,
    ],
    ['a key in clear', { 'api-key': 'secret' }, /source\.0\.api-key: never stands here in clear/],
    ['a relative folder', { url: undefined, folder: 'packages' }, /absolute path/],
    ['a name for a command line to stumble over', { name: '--to x' }, /short name/],
    ['a pattern with a star in the middle', { packages: ['A*.B'] }, /Acme/],
  ])('with %s is refused', (_what, wrong, words) => {
    const found = problems({ source: [{ ...nexus, ...wrong }] });
    expect(found.join('; ')).toMatch(words);
    expect(found.join('; ')).not.toContain('secret@');
  });

  test('has a name of its own', () => {
    expect(problems({ source: [nexus, { ...nexus, name: 'NEXUS' }] })).toEqual([
      'source: two have the same name',
    ]);
  });
});

test('what is pushed goes to a repository that the settings name', () => {
  expect(problems({ source: [nexus], push: [{ to: 'Nexus', links: ['acme'] }] })).toEqual([]);
  expect(problems({ source: [nexus], push: [{ to: 'nexsu' }] })).toEqual([
    'push.0.to: no [[source]] is called nexsu',
  ]);
});

test('packages are named by their ids, whatever the case, or by how these begin', () => {
  expect(isNamed('Acme.Web', ['*'])).toBe(true);
  expect(isNamed('Acme.Web', ['acme.*'])).toBe(true);
  expect(isNamed('Acme.Web', ['ACME.WEB'])).toBe(true);
  expect(isNamed('Acme.Web', ['Acme', 'Acme.Web.*', 'Other*'])).toBe(false);
});
