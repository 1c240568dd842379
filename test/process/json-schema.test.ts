import { expect, test } from 'vitest';
import { processSchema } from '../../src/process/index.ts';

type Schema = {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | false;
  readonly anyOf?: readonly Schema[];
  readonly type?: unknown;
  readonly enum?: unknown;
  readonly description?: string;
  readonly required?: readonly string[];
};

test('the JSON Schema names every key, describes it, and lets an editor take 8080 and true as they are written', () => {
  const schema = processSchema() as Schema;
  expect(schema.required).toEqual(['process', 'steps']);
  expect(schema.additionalProperties).toBe(false);
  const step = schema.properties?.['steps']?.items;
  for (const key of ['name', 'run', 'package', 'features', 'scripts', 'when', 'retries', 'required']) {
    expect(step?.properties?.[key]?.description, key).toBeTruthy();
  }
  expect(step?.properties?.['required']?.type).toBe('boolean');
  expect(step?.properties?.['retries']?.type).toBe('integer');
  expect(step?.properties?.['when']?.anyOf?.[0]?.enum).toEqual(['success', 'failure', 'always']);
  const values = schema.properties?.['variables']?.additionalProperties;
  expect(values !== false && values?.anyOf?.[0]?.type).toContain('number');
  expect(JSON.stringify(schema)).not.toContain('"yaml"');
});
