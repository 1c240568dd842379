import { publishProcess } from '../../commands/index.ts';
import { describeDiff, diffRevisions, reviseProcess, unknownReferences } from '../../process/index.ts';
import { readEnvironments, readRevisions, type RevisionRow } from '../../projections/index.ts';
import { namesIn } from '../../variables/index.ts';
import { command, needed, type Outcome } from '../command.ts';
import { readGivenProcess } from '../given/process.ts';
import { publishNotes } from '../told/publish-notes.ts';
import { heldRevision } from '../told/revisions.ts';
import { facts, section } from '../table.ts';

export const publishProcessCommand = command({
  path: 'process publish',
  about: 'Publish a process file as the next revision; the same content again is the revision there is',
  example: 'crossgap process publish orders.yaml',
  args: { FILE: needed('FILE', 'the process file, YAML') },
  options: {},
  async run(context, { FILE }): Promise<Outcome> {
    const file = readGivenProcess(FILE);
    const { name, document, digest, local } = reviseProcess(file);
    const instance = await context.open();
    await instance.blobs.putBytes(document);
    const intent = {
      process: name,
      digest,
      sizeBytes: document.byteLength,
      local: {
        publishWhen: {
          ...local.publishWhen,
          deployedTo: [...local.publishWhen.deployedTo],
          testTypes: [...local.publishWhen.testTypes],
        },
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
    const locals = local.variables.map((variable) => variable.name);
    const unset = unknownReferences(file.revision, namesIn, locals);
    const notes = publishNotes(instance.db, file.revision, locals);
    for (const note of notes) context.terminal.talk(`note: ${note}`);
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
        notes,
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
