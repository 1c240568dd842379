import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { processSchema } from '../../../src/process/index.ts';
import { makeInstance } from '../company.ts';
import { freshFolder } from '../typed.ts';

const pageOf = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../../docs', name), 'utf8');
const page = pageOf('process-file.md');
// Features of the machine have a page of their own, where each key has its row.
const features = pageOf('features.md');
const [, yaml = '', rest = ''] = /```yaml\n([^]*?)```\n([^]*)/.exec(page) ?? [];

test('the annotated process file is one that can be published', async () => {
  const root = freshFolder();
  const acme = await makeInstance(root, 'acme');
  const file = join(root, 'shop', 'shop.yaml');
  for (const [, script] of yaml.matchAll(/\{ file: ([^ }]+) \}/g)) {
    mkdirSync(dirname(join(root, 'shop', script!)), { recursive: true });
    writeFileSync(join(root, 'shop', script!), 'echo done\n');
  }
  writeFileSync(file, yaml);
  expect(await acme.asks(['process', 'publish', file])).toMatchObject({ process: 'Shop', revision: 1 });
});

test('it shows every key there is, or says that this version refuses it', () => {
  const examples = [...features.matchAll(/```yaml\n([^]*?)```/g)].map(([, example]) => example).join('');
  const rows = [...features.matchAll(/^\| `([\w :-]+)` \|/gm)].flatMap(([, key]) => key!.split(': '));
  const shown = new Set([...(yaml + examples).matchAll(/([\w-]+):/g)].map(([, key]) => key!).concat(rows));
  const refused = new Set([...rest.matchAll(/`([\w-]+):?`/g)].map(([, key]) => key!));
  const keys = [...keysOf(processSchema())];
  expect(keys.length).toBeGreaterThan(40);
  const lacking = keys.filter(({ key, later }) => !(later ? refused : shown).has(key));
  expect(lacking.map(({ key }) => key)).toEqual([]);
});

type Schema = { properties?: Record<string, Schema>; description?: string };

function* keysOf(schema: unknown): Generator<{ key: string; later: boolean }> {
  if (schema === null || typeof schema !== 'object') return;
  const { properties = {}, ...others } = schema as Schema;
  for (const [key, { description = '' }] of Object.entries(properties)) {
    yield { key, later: description.includes('(not in this version)') };
  }
  for (const inner of [...Object.values(properties), ...Object.values(others)]) yield* keysOf(inner);
}
