import { z } from 'zod';
import { ProcessEntry } from './schema.ts';

const scalars: Readonly<Record<string, object>> = {
  text: { type: ['string', 'number', 'boolean', 'null'] },
  boolean: { type: 'boolean' },
  integer: { type: 'integer' },
  when: { anyOf: [{ enum: ['success', 'failure', 'always'] }, { type: 'string', pattern: String.raw`#\{` }] },
};

/**
 * The JSON Schema (draft 2020-12) of the process file, for editors. It describes what a person writes, where `8080`
 * is a number to the editor though it is text to us, so it is a little wider than what `readProcessFile` accepts.
 */
export function processSchema(): Record<string, unknown> {
  return z.toJSONSchema(ProcessEntry, {
    override: ({ jsonSchema }) => {
      const kind = jsonSchema['yaml'];
      if (typeof kind !== 'string') return;
      const { description } = jsonSchema;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
      Object.assign(jsonSchema, scalars[kind], description === undefined ? {} : { description });
    },
  }) as Record<string, unknown>;
}
