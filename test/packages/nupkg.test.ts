import { expect, test } from 'vitest';
import { isPackageId, packageFileName, samePackage } from '../../src/packages/index.ts';

test('an id is letters, digits and underscores with single dots and dashes between', () => {
  const ids = ['Orders', 'Orders.Web', 'orders-web_2.x', '_a', '7zip', 'a'.repeat(100)];
  const others = ['', '.a', 'a.', 'a..b', 'a b', 'a/b', '../a', 'ä', 'a'.repeat(101)];
  expect(ids.filter((id) => !isPackageId(id))).toEqual([]);
  expect(others.filter((id) => isPackageId(id))).toEqual([]);
});

test('packages are the same whatever the case of the id and the spelling of the version', () => {
  const first = { id: 'Orders.Web', version: '1.0' };
  expect(samePackage(first, { id: 'orders.web', version: '1.0.0.0+x' })).toBe(true);
  expect(samePackage(first, { id: 'Orders.Web', version: '1.0.1' })).toBe(false);
  expect(samePackage(first, { id: 'Orders', version: '1.0' })).toBe(false);
  expect(packageFileName(first)).toBe('Orders.Web.1.0.0.nupkg');
});
