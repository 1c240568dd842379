import { dirname, isAbsolute, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { transformRules, whichTransforms } from '../../src/config-files/index.ts';

const root = join('/', 'app');

/** The pairs as `TRANSFORM > TARGET`, relative to the folder. */
function pairs(files: readonly string[], additional: string, automatic?: readonly string[]): string[] {
  return planned(files, additional, automatic).pairs.map(
    ({ transform, target }) => `${relative(root, transform)} > ${relative(root, target)}`,
  );
}

function planned(files: readonly string[], additional: string, automatic?: readonly string[]) {
  const all = files.map((file) => (isAbsolute(file) ? file : join(root, file)));
  const inside = all.filter((file) => file.startsWith(root));
  return whichTransforms(root, inside, transformRules(additional, automatic), (folder) =>
    all.filter((file) => dirname(file) === folder).map((file) => file.slice(folder.length + 1)),
  );
}

describe('which transform meets which file', () => {
  test.each([
    ['a suffix', 'Eu', ['Web.config', 'Web.Eu.config'], ['Web.Eu.config > Web.config']],
    ['a suffix without .config', 'Eu', ['Web.config', 'Web.Eu'], ['Web.Eu > Web.config']],
    ['a program’s file', 'Eu', ['My.exe.config', 'My.exe.Eu.config'], ['My.exe.Eu.config > My.exe.config']],
    ['a suffix and any extension', 'Eu', ['a.xml', 'a.Eu.config'], ['a.Eu.config > a.xml']],
    ['another case is another file', 'eu', ['Web.config', 'Web.Eu.config'], []],
    ['names', 'x.config => T.config', ['T.config', 'x.config'], ['x.config > T.config']],
    [
      'names in a subfolder',
      'x.config => T.config',
      ['s/T.config', 's/x.config'],
      ['s/x.config > s/T.config'],
    ],
    ['a path on the left', 's/x.config => T.config', ['T.config', 's/x.config'], ['s/x.config > T.config']],
    [
      'a path on the right',
      'x.config => s/T.config',
      ['s/T.config', 'x.config', 'T.config'],
      ['x.config > s/T.config'],
    ],
    [
      'sibling folders',
      'a/x.config => b/T.config',
      ['a/x.config', 'b/T.config'],
      ['a/x.config > b/T.config'],
    ],
    [
      'many transforms, one target',
      '*.x.config => T.config',
      ['T.config', 'a.x.config', 'b.x.config'],
      ['a.x.config > T.config', 'b.x.config > T.config'],
    ],
    [
      'one transform, many targets',
      'x.config => *.config',
      ['a.config', 's/b.config', 'x.config'],
      ['x.config > a.config'],
    ],
    [
      'pairs by name',
      '*.x.config => *.config',
      ['foo.config', 'foo.x.config', 'bar.config'],
      ['foo.x.config > foo.config'],
    ],
    [
      'pairs by longer name',
      '*.x.config => *.y.config',
      ['f.y.config', 'f.x.config'],
      ['f.x.config > f.y.config'],
    ],
    [
      'a wildcard inside the left name',
      'web.*.config => web.config',
      ['web.config', 'web.a.config'],
      ['web.a.config > web.config'],
    ],
    ['a wildcard inside the right name', 'x.config => w*.config', ['web.config', 'x.config'], []],
    [
      'an absolute path on the left',
      '/etc/x.config => T.config',
      ['s/T.config', '/etc/x.config'],
      ['../etc/x.config > s/T.config'],
    ],
    [
      'the root only',
      '/etc/x.config => ./T.config',
      ['T.config', 's/T.config', '/etc/x.config'],
      ['../etc/x.config > T.config'],
    ],
    ['an absolute path on the right', 'x.config => /app/T.config', ['T.config', 'x.config'], []],
    ['the target’s case', 'x.config => t.CONFIG', ['T.CONFIG', 'x.config'], ['x.config > T.CONFIG']],
  ])('%s', (_what, rules, files, expected) => {
    expect(pairs(files, rules)).toEqual(expected);
  });

  test('Release, the environment and the tenant come behind what is written, in this order', () => {
    const files = ['Web.config', 'Web.Eu.config', 'Web.Release.config', 'Web.uat.config', 'Web.Acme.config'];
    expect(pairs(files, 'Eu', ['uat', 'Acme'])).toEqual([
      'Web.Eu.config > Web.config',
      'Web.Release.config > Web.config',
      'Web.uat.config > Web.config',
      'Web.Acme.config > Web.config',
    ]);
  });

  test('a rule that names an automatic one fixes its place; the pair is applied once', () => {
    const files = ['Web.config', 'Web.Release.config', 'Web.uat.config'];
    expect(pairs(files, 'uat, Release', ['uat'])).toEqual([
      'Web.uat.config > Web.config',
      'Web.Release.config > Web.config',
    ]);
    expect(planned(files, 'Release\nWeb.Release.config => Web.config').overlapping).toEqual([
      'Web.Release.config => Web.config',
    ]);
  });

  test('automatic rules look at .config files only', () => {
    expect(pairs(['a.xml', 'a.Release.config'], '', [])).toEqual([]);
  });

  test('transforms are targets themselves', () => {
    expect(pairs(['Web.Release.config', 'Web.Release.Eu.config', 'Web.config'], 'Eu\nRelease')).toEqual([
      'Web.Release.Eu.config > Web.Release.config',
      'Web.Release.config > Web.config',
    ]);
  });

  test('a rule without a file is told, an automatic one is not', () => {
    expect(planned(['Web.config'], 'Eu, x => y', ['uat']).unused).toEqual(['Eu', 'x => y']);
  });

  test.each([['=> x'], ['x =>'], ['=>']])('a rule with an empty side is refused: %s', (rule) => {
    expect(() => transformRules(rule, undefined)).toThrow(
      expect.objectContaining({ code: 'TRANSFORM_RULE_INVALID' }),
    );
  });

  test.each([
    ['Web.*.config', 'Web.Eu.config', true],
    ['Web.?u.config', 'Web.Eu.config', true],
    ['Web.?.config', 'Web.Eu.config', false],
    ['W*b*Eu*.config', 'Web.Eu.config', true],
    ['W*b*Eu*g', 'Web.Eu.config', true],
    ['W*b*Us*.config', 'Web.Eu.config', false],
    ['Web*', 'Web.Eu.config', true],
    ['*+(E|u).config', 'Web.Eu.config', false],
  ])('%s means %s: %s', (pattern, name, isMeant) => {
    const found = pairs(['App.config', name], `${pattern} => App.config`);
    expect(found).toEqual(isMeant ? [`${name} > App.config`] : []);
  });

  test('a pattern with very many stars costs no more than its length', () => {
    const name = `${'a'.repeat(200)}.config`;
    expect(pairs(['App.config', name], `${'a*'.repeat(60)}b => App.config`)).toEqual([]);
    expect(pairs(['App.config', name], `${'a*'.repeat(60)}g => App.config`)).toEqual([
      `${name} > App.config`,
    ]);
  });

  test('blank names of environment and tenant are no rules', () => {
    expect(transformRules('', [' ', undefined]).map((rule) => rule.written)).toEqual(['Release']);
  });
});
