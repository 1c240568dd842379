/**
 * The process file as a schema: what may stand where, in words that an editor can show. Every scalar of the file
 * arrives as text, so `1.10` stays `1.10`.
 */
import { z } from 'zod';
import { machineFeatureEntries } from './machine-feature-schema.ts';
import { list, mapping, mark, record, text, truth, word } from './schema-words.ts';

export const scriptKinds = ['bash', 'powershell', 'python'] as const;
export const inputTypes = ['text', 'integer', 'port', 'boolean', 'choice', 'path', 'url'] as const;
/** The biggest script, note or value, in UTF-16 units. */
export const textLengthMax = 1024 * 1024;
/** The longest instructions of a manual step, in UTF-16 units. */
export const instructionsLengthMax = 10_000;

const environments = list(word('Name of an environment'), 'Only in these environments');
const tags = list(word('Tag of an environment'), 'Only in environments that carry one of these tags');

const ScriptBody = z.union(
  [
    text('The script itself; #{Name} in it is evaluated first', textLengthMax),
    z.strictObject(
      { file: word('A file beside this one; it becomes part of the revision') },
      { error: mapping },
    ),
  ],
  { error: 'the script as text, or { file: NAME }, is expected here' },
);
export const ScriptEntry = z
  .strictObject(
    { bash: ScriptBody.optional(), powershell: ScriptBody.optional(), python: ScriptBody.optional() },
    { error: 'a script is written as { bash: … }, { powershell: … } or { python: … }' },
  )
  .meta({ description: 'A script in bash, powershell or python' });

export const InputEntry = z
  .strictObject(
    {
      label: text('What a person sees beside the field', 200).optional(),
      help: text('A sentence that helps to find the value').optional(),
      type: z
        .enum(inputTypes, { error: `one of ${inputTypes.join(', ')} is expected here` })
        .meta({ description: 'What kind of value it is; text where nothing is said' })
        .optional(),
      default: text('Taken where nobody gives a value').optional(),
      required: truth('Whether a release needs it; true unless there is a default').optional(),
      secret: truth('Whether it is kept encrypted and never shown').optional(),
      choices: list(text('A value that may be chosen', 1000), 'For type choice: the values').optional(),
      group: word('Heading under which it is asked, beside others of the same heading').optional(),
      'show-while-typing': truth('Whether a secret may be looked at while it is typed').optional(),
      test: ScriptEntry.meta({
        description:
          'Tries the value out before anything is done: exit 0 is good, else its last line says why not',
      }).optional(),
    },
    { error: mapping },
  )
  .meta({ description: 'A value this file can’t know; asked from the receiver' });

export const ScopedEntry = z
  .strictObject(
    {
      value: text('The value; #{Name} in it is evaluated where it is used', textLengthMax),
      environments: environments.optional(),
      tags: tags.optional(),
    },
    { error: mapping },
  )
  .meta({ description: 'A value for some environments; one for an environment wins over one for a tag' });

const values = record(
  z.union([text('The value everywhere', textLengthMax), list(ScopedEntry, 'Values with scopes')], {
    error: 'text, or a list of values with scopes, is expected here',
  }),
  'Values by name',
);

const testType = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._ -]{0,63}$/u, { error: 'this is no name of a type of tests' });

const InstallTo = z.strictObject(
  {
    folder: text('The folder to copy the application into, absolute', 4000),
    purge: truth('Whether what is in the folder goes first').optional(),
    keep: list(text('A path or glob that purge leaves alone', 1000), 'What purge leaves alone').optional(),
  },
  { error: mapping },
);

const rules = list(
  text('Release, or TRANSFORM => TARGET', 1000),
  'Which transform is applied to which file, as Octopus writes it',
);
const Transforms = z
  .union(
    [
      truth('The transforms Release and the environment’s'),
      rules,
      z.strictObject(
        {
          automatic: truth('Release and the environment’s too, behind the rules').optional(),
          rules: rules.optional(),
        },
        { error: mapping },
      ),
    ],
    { error: 'true, or a list of rules, is expected here' },
  )
  .meta({ description: 'Applies XML transforms to configuration files' });

const Features = z.strictObject(
  {
    'substitute-in-files': list(
      text('A path or glob', 1000),
      'Files in which #{Name} is replaced',
    ).optional(),
    'config-transforms': Transforms.optional(),
    'config-variables': truth('Sets appSettings, connectionStrings, applicationSettings').optional(),
    'structured-variables': list(
      text('A path or glob', 1000),
      'JSON, YAML, XML and properties files in which values are set by path',
    ).optional(),
    'install-to': InstallTo.meta({ description: 'Copies the application to a folder of its own' }).optional(),
    ...machineFeatureEntries,
  },
  { error: mapping },
);

const StageScripts = z.strictObject(
  {
    'pre-deploy': ScriptEntry.optional(),
    deploy: ScriptEntry.optional(),
    'post-deploy': ScriptEntry.optional(),
  },
  { error: mapping },
);

export const StepEntry = z
  .strictObject(
    {
      name: word('The step’s name'),
      id: z
        .string({ error: 'text is expected here' })
        .regex(/^[\p{Ll}\p{Lo}\p{Nd}][\p{Ll}\p{Lo}\p{Nd}._-]{0,99}$/u, {
          error:
            'an id has small letters, digits, dots, dashes and underscores, and begins with a letter or digit',
        })
        .meta(mark('text', 'Identity across renames; made from the name at first'))
        .optional(),
      run: ScriptEntry.meta({ description: 'The step runs this script' }).optional(),
      package: z
        .string({ error: 'the id of a package is expected here' })
        .regex(/^\w[\w.-]{0,99}$/, { error: 'this is not the id of a package' })
        .meta(mark('text', 'The step deploys this package; the release says which version'))
        .optional(),
      manual: z
        .strictObject(
          {
            instructions: text(
              'What the person reads; #{Name} in it is evaluated first',
              instructionsLengthMax,
            ).refine((said) => said.trim() !== '', { error: 'this must not be empty' }),
          },
          { error: 'instructions are expected here: { instructions: TEXT }' },
        )
        .meta({ description: 'The deployment waits here until a named person confirms' })
        .optional(),
      features: Features.meta({ description: 'What is done to the package’s files' }).optional(),
      scripts: StageScripts.meta({
        description: 'Scripts of the package step, beside those in it',
      }).optional(),
      properties: record(
        text('The property’s value', textLengthMax),
        'Octopus action properties, as Octopus names them',
      ).optional(),
      when: z
        .string({ error: 'text is expected here' })
        .max(1000, { error: 'this text is longer than 1000 characters' })
        .meta(mark('when', 'Whether it runs, by how the steps before it ended'))
        .optional(),
      start: z
        .enum(['after-previous', 'with-previous'], {
          error: 'one of after-previous, with-previous is expected here',
        })
        .meta({ description: 'with-previous: together with the step before it, side by side' })
        .optional(),
      environments: environments.optional(),
      tags: tags.optional(),
      'except-environments': list(word('Name of an environment'), 'Not in these environments').optional(),
      required: truth('Whether it may never be left out').optional(),
      'time-limit': z
        .string({ error: 'a span such as 10m is expected here' })
        .regex(/^(?:\d{1,6}[smh]){1,3}$/, { error: 'a span such as 90s, 10m or 1h30m is expected here' })
        .meta(mark('text', 'After this the step is ended and has failed: 90s, 10m, 1h30m'))
        .optional(),
      retries: z
        .string({ error: 'a number from 0 to 10 is expected here' })
        .regex(/^(?:\d|10)$/, { error: 'a number from 0 to 10 is expected here' })
        .meta(mark('integer', 'How often the step is tried again after a failure, 0 to 10'))
        .optional(),
    },
    { error: mapping },
  )
  .meta({ description: 'A step: one of run, package or manual' });

const Local = z.strictObject(
  {
    'publish-when': z
      .strictObject(
        {
          'deployed-to': list(word('Name of an environment'), 'Deployed there with success').optional(),
          tests: z
            .union(
              [
                z.literal('passed'),
                z
                  .record(testType, z.literal('passed'))
                  .meta({ description: 'Types of tests, as `tests import --type` calls them' }),
              ],
              { error: '`passed`, or { TYPE: passed }, is expected here' },
            )
            .meta({ description: 'Tests that must have been imported and have passed' })
            .optional(),
          verdict: z.literal('ok', { error: '`ok` is expected here' }).optional(),
        },
        { error: mapping },
      )
      .meta({ description: 'What must be true before a release is published' })
      .optional(),
    variables: values.optional(),
  },
  { error: mapping },
);

export const CheckEntry = z
  .strictObject(
    {
      name: word('What is looked at'),
      run: ScriptEntry.meta({
        description: 'Looks and changes nothing: exit 0 is good, 10 a note, anything else is lacking',
      }),
      hint: text('What to do where it is lacking', 1000).optional(),
      environments: environments.optional(),
      tags: tags.optional(),
    },
    { error: mapping },
  )
  .meta({ description: 'Something to look at before anything is done' });

export const ProcessEntry = z
  .strictObject(
    {
      process: word('The name of the process').refine((name) => !/[/:\\]/.test(name), {
        error: 'the name of a process has no /, \\ or : in it',
      }),
      local: Local.meta({ description: 'Stays at home: not in the revision that others see' }).optional(),
      inputs: record(
        z.union([InputEntry, z.literal('')], { error: mapping }),
        'What this file can’t know, by name; asked from the receiver',
      ).optional(),
      variables: values.optional(),
      checks: list(CheckEntry, 'What is looked at on the machine before anything is done')
        .min(1, { error: 'there is no check here' })
        .optional(),
      steps: list(StepEntry, 'The steps, in order').min(1, { error: 'a process has at least one step' }),
      uninstall: list(StepEntry, 'The steps that take it away again, in order')
        .min(1, { error: 'there is no step here' })
        .optional(),
    },
    { error: 'a process file is a mapping: `process: NAME`, `steps:`' },
  )
  .meta({ title: 'crossgap process', description: 'How a product is deployed' });
export type ProcessEntry = z.infer<typeof ProcessEntry>;
export type InputEntry = z.infer<typeof InputEntry>;
export type StepEntry = z.infer<typeof StepEntry>;
export type CheckEntry = z.infer<typeof CheckEntry>;
export type ScriptEntry = z.infer<typeof ScriptEntry>;
export type ScopedEntry = z.infer<typeof ScopedEntry>;

/** Reserved words: what each is kept for. */
export const reservedKeys: Readonly<Record<string, string>> = {
  on: 'the roles of machines',
  'on-failure': 'what is done when a step fails',
  requires: 'other applications that must be there',
};
