import type { Instance } from '../../instance/index.ts';
import { describeDiff, diffRevisions, isSame, processSchema, type Revision } from '../../process/index.ts';
import { readRevisions, type RevisionRow } from '../../projections/index.ts';
import { moment, short } from '../../words.ts';
import { command, needed, text, type Outcome } from '../command.ts';
import { describeRevision } from '../told/describe-revision.ts';
import { requiredRevision, revisionNamed } from '../told/revisions.ts';
import { table } from '../table.ts';
import { importOctopus } from './process-import-octopus.ts';
import { publishProcessCommand } from './process-publish.ts';

const show = command({
  path: 'process show',
  about: 'The processes published here, or one revision with its steps, inputs and values',
  example: 'crossgap process show Orders@3',
  aliases: ['list'],
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

export const processCommands = [publishProcessCommand, show, diff, schema, importOctopus];

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
