import { resolve, dirname } from 'node:path';
import { publishProcess } from '../../commands/index.ts';
import {
  describeDiff,
  diffRevisions,
  isSame,
  processSchema,
  readProcessFile,
  reviseProcess,
  scriptsBeside,
  unknownReferences,
  type Revision,
  type Step,
} from '../../process/index.ts';
import { readEnvironments, readRevisions, type RevisionRow } from '../../projections/index.ts';
import { namesIn, unsupportedIn } from '../../variables/index.ts';
import { command, later, needed, text, type Outcome } from '../command.ts';
import { readGivenFile } from '../files.ts';
import { heldRevision, requiredRevision, revisionNamed } from '../revisions.ts';
import { facts, section, table } from '../table.ts';
import { count, moment, short } from '../../words.ts';
import type { Instance } from '../../instance/index.ts';

const processFileBytesMax = 16 * 1024 * 1024;

const publish = command({
  path: 'process publish',
  about: 'Publish a process file as the next revision; the same content again is the revision there is',
  example: 'crossgap process publish orders.yaml',
  args: { FILE: needed('FILE', 'the process file, YAML') },
  options: {},
  async run(context, { FILE }): Promise<Outcome> {
    const file = readProcessFile({
      path: FILE,
      text: readGivenFile(FILE, 'process file', processFileBytesMax),
      readScript: scriptsBeside(dirname(resolve(FILE))),
      unsupportedIn,
    });
    const { name, document, digest, local } = reviseProcess(file);
    const instance = await context.open();
    await instance.blobs.putBytes(document);
    const intent = {
      process: name,
      digest,
      sizeBytes: document.byteLength,
      local: {
        publishWhen: { ...local.publishWhen, deployedTo: [...local.publishWhen.deployedTo] },
        variables: local.variables.map(({ name: variable, value, environments, tags }) => ({
          name: variable,
          value,
          environments: [...environments],
          tags: [...tags],
        })),
      },
    };
    let before: RevisionRow | undefined;
    let revision = 0;
    const entries = instance.record((db) => {
      before = readRevisions(db).findLast((row) => row.process === name);
      const published = publishProcess(before, intent);
      revision = published.revision;
      return published.decision;
    });
    const changed = entries.length > 0;
    const known = new Set(readEnvironments(instance.db).map((one) => one.name));
    const unknown = local.publishWhen.deployedTo.filter((one) => !known.has(one));
    const unset = unknownReferences(
      file.revision,
      namesIn,
      local.variables.map((variable) => variable.name),
    );
    for (const { name: used, where, meant } of unset) {
      const guess = meant === undefined ? '' : `; is it ${meant}?`;
      context.terminal.talk(`note: nothing gives ${used} a value, which ${where} uses${guess}`);
    }
    const was = changed && before !== undefined ? heldRevision(instance, before.digest) : undefined;
    const { steps, inputs } = file.revision;
    return {
      document: {
        process: name,
        revision,
        digest,
        sizeBytes: document.byteLength,
        changed,
        unknownEnvironments: unknown,
        unknownNames: unset,
      },
      text: [
        `Process ${name} revision ${revision} ${changed ? 'is published' : 'is there already, unchanged'}`,
        ...facts([
          ['digest', digest],
          ['steps', steps.map((step) => step.name).join(' · ')],
          ['inputs', inputs.map((input) => input.name).join(', ')],
        ]),
        ...(was === undefined
          ? []
          : section(`Since revision ${before!.revision}:`, describeDiff(diffRevisions(was, file.revision)))),
        ...unknown.map(
          (one) =>
            `publish-when names ${one}, which is no environment here: add it with \`crossgap environment add ${one}\``,
        ),
      ],
    };
  },
});

const show = command({
  path: 'process show',
  about: 'The processes published here, or one revision with its steps, inputs and values',
  example: 'crossgap process show Orders@3',
  args: { P: text('P', 'PROCESS or PROCESS@REVISION; without it, all processes') },
  options: {},
  async run(context, { P }): Promise<Outcome> {
    const instance = await context.open();
    if (P === undefined) return overview(readRevisions(instance.db));
    const row = revisionNamed(instance, P);
    const revision = revisionOf(instance, row);
    return {
      document: {
        process: row.process,
        revision: row.revision,
        digest: row.digest,
        publishedAt: new Date(row.publishedAt).toISOString(),
        publishedBy: row.actor,
        local: row.local,
        document: revision,
      },
      text: describeRevision(row, revision),
    };
  },
});

const diff = command({
  path: 'process diff',
  about: 'What differs between two revisions of a process',
  example: 'crossgap process diff Orders@2 Orders@3',
  args: {
    A: needed('A', 'PROCESS@REVISION, or the number where there is one process only'),
    B: needed('B', 'the same'),
  },
  options: {},
  async run(context, { A, B }): Promise<Outcome> {
    const instance = await context.open();
    const a = revisionNamed(instance, A);
    const b = revisionNamed(
      instance,
      !A.includes('@') || B.includes('@') ? B : /^\d+$/.test(B) ? `${a.process}@${B}` : B,
    );
    const found = diffRevisions(revisionOf(instance, a), revisionOf(instance, b));
    return {
      document: { a: named(a), b: named(b), same: isSame(found), ...found },
      text: [`${a.process}@${a.revision} → ${b.process}@${b.revision}`, ...describeDiff(found)],
    };
  },
});

const schema = command({
  path: 'process schema',
  about: 'The JSON Schema of the process file, for editors',
  example: 'crossgap process schema > crossgap-process.schema.json',
  args: {},
  options: {},
  run: async () => ({ document: processSchema(), text: JSON.stringify(processSchema(), null, 2) }),
});

export const processCommands = [
  publish,
  show,
  diff,
  schema,
  later('process import-octopus', 'Turn an Octopus export into a process file'),
];

const named = ({ process, revision, digest }: RevisionRow) => ({ process, revision, digest });

const revisionOf = (instance: Instance, { process, revision, digest }: RevisionRow): Revision =>
  requiredRevision(instance, { process, number: revision, digest });

function overview(rows: readonly RevisionRow[]): Outcome {
  const newest = [...new Map(rows.map((row) => [row.process, row])).values()];
  return {
    document: newest.map((row) => ({
      ...named(row),
      publishedAt: new Date(row.publishedAt).toISOString(),
      publishedBy: row.actor,
    })),
    text:
      newest.length === 0
        ? 'No process yet; publish one with `crossgap process publish FILE.yaml`'
        : table([
            ['PROCESS', 'REVISION', 'DIGEST', 'PUBLISHED', 'BY'],
            ...newest.map((row) => [
              row.process,
              String(row.revision),
              short(row.digest),
              moment(row.publishedAt),
              row.actor,
            ]),
          ]),
  };
}

function describeRevision(row: RevisionRow, revision: Revision): string[] {
  const { publishWhen } = row.local;
  const gate = [
    ...publishWhen.deployedTo.map((one) => `deployed to ${one}`),
    ...(publishWhen.testsPassed ? ['tests passed'] : []),
    ...(publishWhen.verdictOk ? ['verdict ok'] : []),
  ];
  const scope = ({
    environments,
    tags,
  }: {
    environments: readonly string[];
    tags: readonly string[];
  }): string => [...environments, ...tags.map((tag) => `tag ${tag}`)].join(', ');
  const valueRows = (values: Revision['variables']): string[][] =>
    values.map((one) => [one.name, one.value.split('\n')[0]!.slice(0, 80), scope(one)]);
  return [
    `Process ${row.process} revision ${row.revision}`,
    ...facts([
      ['digest', row.digest],
      ['published', `${moment(row.publishedAt)} by ${row.actor}`],
      ['publish when', gate.join(', ')],
    ]),
    ...section(
      'Steps',
      table(revision.steps.map((step, at) => [`${at + 1}.`, step.name, doing(step), restrictions(step)])),
    ),
    ...section(
      'Inputs',
      table(
        revision.inputs.map((one) => [
          one.name,
          one.type,
          one.default === null ? (one.required ? 'required' : 'optional') : `default ${one.default}`,
          one.secret ? 'secret' : '',
          one.label ?? '',
        ]),
      ),
    ),
    ...section('Variables', table(valueRows(revision.variables))),
    ...section('Stays at home', table(valueRows([...row.local.variables]))),
  ];
}

function doing({ action }: Step): string {
  if (action.kind === 'run') return `runs ${action.script.kind}`;
  const scripts = Object.values(action.scripts).flat().length;
  return `package ${action.package}${scripts === 0 ? '' : `, ${count(scripts, 'script')}`}`;
}

function restrictions(step: Step): string {
  return [
    step.environments.length > 0 ? `in ${step.environments.join(', ')}` : '',
    step.tags.length > 0 ? `tagged ${step.tags.join(', ')}` : '',
    step.exceptEnvironments.length > 0 ? `not in ${step.exceptEnvironments.join(', ')}` : '',
    step.when === 'success' ? '' : `when ${step.when}`,
  ]
    .filter((part) => part !== '')
    .join('; ');
}
