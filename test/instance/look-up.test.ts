import { assert as assertLaw, property, string } from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CommandError, removeLink } from '../../src/commands/index.ts';
import { findLink, findRelease, releaseOf, type Instance } from '../../src/instance/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import {
  deliver,
  linkOf,
  makeInstance,
  makePair,
  makeRelease,
  offer,
  pair,
  type Pair,
} from '../support/instances.ts';
import { codeOf, refusal } from '../support/refusal.ts';

/**
 * What contoso knows: acme offers Orders 1.0.0, Orders 1.1.0 and Team A/Billing 1.0.0; fabrikam offers Orders 1.1.0;
 * contoso itself made Orders 2.0.0.
 */
let root: ReturnType<typeof memoryFolder>;
let both: Pair;
let fabrikam: Instance;
let contoso: Instance;
beforeAll(async () => {
  root = memoryFolder();
  both = await makePair(root.path);
  contoso = both.customer;
  fabrikam = await makeInstance(root.path, 'fabrikam', both.clock);
  const second = pair(fabrikam, contoso, both.between);
  const { vendor, link } = both;
  offer(vendor, makeRelease(vendor, '1.0.0'), [link]);
  offer(vendor, makeRelease(vendor, '1.1.0'), [link]);
  offer(vendor, makeRelease(vendor, '1.0.0', { process: 'Team A/Billing' }), [link]);
  offer(fabrikam, makeRelease(fabrikam, '1.1.0'), [second]);
  makeRelease(contoso, '2.0.0');
  await deliver(vendor, contoso, link);
  await deliver(fabrikam, contoso, second);
});
afterAll(() => {
  fabrikam.close();
  both[Symbol.dispose]();
  root[Symbol.dispose]();
});

const named = (text: string): string => releaseOf(contoso.db, findRelease(contoso.db, text));

describe('a release', () => {
  test.each([
    ['2.0.0', 'Orders/2.0.0'],
    ['Orders/2.0.0', 'Orders/2.0.0'],
    ['Orders/1.0.0', 'acme:Orders/1.0.0'],
    ['Team A/Billing/1.0.0', 'acme:Team A/Billing/1.0.0'],
    ['acme:Orders/1.1.0', 'acme:Orders/1.1.0'],
    ['acme:1.1.0', 'acme:Orders/1.1.0'],
    ['fabrikam:1.1.0', 'fabrikam:Orders/1.1.0'],
    ['fabrikam:Orders/1.1.0', 'fabrikam:Orders/1.1.0'],
  ])('is found by as much as means one: %s', (text, found) => {
    expect(named(text)).toBe(found);
  });

  test('is found by the name it is shown with', () => {
    for (const text of ['Orders/2.0.0', 'Orders/1.0.0', 'acme:1.1.0'])
      expect(named(named(text))).toBe(named(text));
  });

  test.each([
    ['1.0.0', ['acme:Orders/1.0.0', 'acme:Team A/Billing/1.0.0']],
    ['1.1.0', ['acme:Orders/1.1.0', 'fabrikam:Orders/1.1.0']],
    ['Orders/1.1.0', ['acme:Orders/1.1.0', 'fabrikam:Orders/1.1.0']],
    ['acme:1.0.0', ['acme:Orders/1.0.0', 'acme:Team A/Billing/1.0.0']],
  ])('that %s does not tell from others is asked for again, with all that it may be', (text, candidates) => {
    const error = refusal(() => named(text));
    expect(codeOf(error)).toBe('RELEASE_AMBIGUOUS misused');
    expect(error.details['candidates']).toEqual(candidates);
  });

  test.each([
    '9.9.9',
    'Orders/9.9.9',
    'Billing/2.0.0',
    'orders/2.0.0',
    'fabrikam:Orders/1.0.0',
    '',
    '/',
    ':',
    'Orders/',
  ])('that is not there is not found: %j', (text) => {
    expect(codeOf(refusal(() => named(text)))).toBe('RELEASE_UNKNOWN misused');
  });

  test('that is not there is answered with those that are', () => {
    expect(refusal(() => named('9.9.9')).hint).toContain('acme:Orders/1.1.0');
  });

  test('of a link that is not there names the link', () => {
    expect(codeOf(refusal(() => named('nobody:1.0.0')))).toBe('LINK_UNKNOWN misused');
  });

  test('is found or refused, whatever is typed', () => {
    assertLaw(
      property(string({ unit: 'grapheme' }), (text) => {
        try {
          named(text);
        } catch (error) {
          expect(error).toBeInstanceOf(CommandError);
        }
      }),
    );
  });
});

describe('a link', () => {
  test('is found by its name or its id', () => {
    expect(findLink(contoso.db, 'acme').link).toBe(both.link);
    expect(findLink(contoso.db, both.link).name).toBe('acme');
  });

  test('that is not there is answered with those that are', () => {
    const error = refusal(() => findLink(contoso.db, 'acmee'));
    expect(codeOf(error)).toBe('LINK_UNKNOWN misused');
    expect(error.hint).toContain('acme, fabrikam');
  });

  test('that was removed is not found any more', async () => {
    using northwind = await makeInstance(root.path, 'northwind', both.clock);
    const link = pair(northwind, contoso, both.between);
    expect(findLink(contoso.db, 'northwind').state).toBe('confirmed');
    contoso.record((db) => removeLink(linkOf(contoso, link, db)));
    expect(codeOf(refusal(() => findLink(contoso.db, 'northwind')))).toBe('LINK_UNKNOWN misused');
  });
});
