import { z } from 'zod';
import { defineEvent } from './define-event.ts';
import { Digest } from './link-events.ts';

/** An environment of this side; `after` makes the lifecycle: no release goes here that did not succeed there. */
export const EnvironmentAdded = defineEvent(
  'environment.added',
  z.strictObject({
    name: z.string().min(1).max(100),
    after: z.array(z.string()),
    tags: z.array(z.string()),
  }),
);

/** The environment is no place for releases any more; what ran there stays in the history. */
export const EnvironmentRemoved = defineEvent('environment.removed', z.strictObject({ name: z.string() }));

const gate = {
  deployedTo: z.array(z.string()),
  testsPassed: z.boolean(),
  verdictOk: z.boolean(),
};
const published = {
  process: z.string().min(1),
  revision: z.int().min(1),
  digest: Digest,
  sizeBytes: z.int().min(0),
};
const localVariables = z.array(
  z.strictObject({
    name: z.string(),
    value: z.string(),
    environments: z.array(z.string()),
    tags: z.array(z.string()),
  }),
);

/**
 * A process file became a revision: `digest` names its frozen bytes in the blob store. `local` is the part of the
 * file that stays at home.
 */
export const ProcessPublished = defineEvent(
  'process.published',
  z.strictObject({
    ...published,
    local: z.strictObject({ publishWhen: z.strictObject(gate), variables: localVariables }),
  }),
).next(
  // Version 2: types of tests that must have passed, each by itself.
  z.strictObject({
    ...published,
    local: z.strictObject({
      publishWhen: z.strictObject({ ...gate, testTypes: z.array(z.string()) }),
      variables: localVariables,
    }),
  }),
  ({ local, ...rest }) => ({
    ...rest,
    local: { ...local, publishWhen: { ...local.publishWhen, testTypes: [] } },
  }),
);
