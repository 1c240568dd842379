import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeInstance } from './company.ts';
import { memory } from '../support/in-memory.ts';
import { freshFolder } from './typed.ts';

const root = freshFolder(memory);

test('a folder through which nothing came yet is asked about', async () => {
  const [shared, mistyped] = [join(root, 'shared'), join(root, 'shraed')];
  for (const folder of [shared, mistyped]) mkdirSync(folder);
  const [acme, contoso] = [await makeInstance(root, 'acme'), await makeInstance(root, 'contoso')];
  const [invitation, reply] = [join(root, 'invitation'), join(root, 'reply')];
  await acme.asks(['link', 'invite', 'contoso', '--folder', shared, '--out', invitation]);
  await contoso.asks(['link', 'accept', invitation, '--folder', mistyped, '--out', reply]);
  for (const line of ['run --once', 'status']) {
    const { stderr } = await contoso.types(line);
    expect(stderr).toContain(
      `note: acme: nothing of the other side is in ${mistyped} yet, which is well before its first run; later: does it use the same folder?`,
    );
  }
  expect((await acme.types('run --once')).stderr).toBe('');
});
