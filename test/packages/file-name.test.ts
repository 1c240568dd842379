import { expect, test } from 'vitest';
import { refuseOtherName } from '../../src/packages/index.ts';

const brew = { id: 'Brew.Server', version: '1.0.0' };
const writes =
  (name: string, identity = brew) =>
  (): void =>
    refuseOtherName(`/out/${name}`, identity, 'sign');

test.each([
  'Brew.Recipes.1.0.0.nupkg',
  'Brew.Server.1.0.1.nupkg',
  'brew.server.2.0.0-rc.1.nupkg',
  'signed-Brew.Server.1.1.0.nupkg',
])('a package is not written into %s, which is the name of another one', (name) => {
  expect(writes(name)).toThrow(
    expect.objectContaining({ code: 'PACKAGE_INPUT_INVALID', exitCode: 2 }) as Error,
  );
});

test.each([
  'Brew.Server.1.0.0.nupkg',
  'brew.server.1.0.0.nupkg',
  'Brew.Server.1.0.0.0.nupkg',
  'Brew.Server.1.0.nupkg',
  'Brew.Server.1.0.0+build.7.nupkg',
  'signed-Brew.Server.1.0.0.nupkg',
  'Brew.Server.1.0.0.signed.nupkg',
  'Brew.Server.1.0.0-signed.nupkg',
  'orders-1.0.0.nupkg',
  'signed.nupkg',
  'Brew.Recipes.1.0.0.zip',
])('%s is the name of no other package', (name) => {
  expect(writes(name)).not.toThrow();
});

test('an id that ends in a number is told from a version', () => {
  const second = { id: 'Brew.2', version: '1.0' };
  for (const name of ['Brew.2.1.0.nupkg', 'Brew.2.1.0.0.nupkg']) expect(writes(name, second)).not.toThrow();
});
