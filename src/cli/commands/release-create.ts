import { CommandError, createRelease } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import type { PackagePin, ReleaseInput } from '../../events/index.ts';
import type { Instance } from '../../instance/index.ts';
import { packageFileName, samePackage } from '../../packages/index.ts';
import type { InputDefinition } from '../../process/index.ts';
import { readPackages, readReleases, readRemovedPackages } from '../../projections/index.ts';
import { command, list, misuse, needed, text, type Outcome } from '../command.ts';
import { readGivenText } from '../given/files.ts';
import { ownRelease } from '../given/own-release.ts';
import { inputRows, packageRows, releaseDocument } from '../told/release-facts.ts';
import { packageNamed, refuseUnfitNumber } from '../given/release-names.ts';
import { newestRevision, requiredRevision } from '../told/revisions.ts';
import { facts, section } from '../table.ts';
import { moment, size } from '../../words.ts';

const notesBytesMax = 10 * 1000 * 1000;

export const createReleaseCommand = command({
  path: 'release create',
  about: 'Freeze the newest process revision and exact packages under a number',
  example: 'crossgap release create Orders 1.0.0 --package Orders.Web@1.0.0 --notes notes.md',
  args: {
    PROCESS: needed('PROCESS', 'name of the process'),
    NUMBER: needed('NUMBER', 'number of the release'),
  },
  options: {
    package: list('ID@VERSION', 'a package that was added here, for each package step'),
    notes: text('FILE', 'what is new, any UTF-8 text of up to 10 MB'),
  },
  async run(context, { PROCESS, NUMBER }, { package: packages, notes: notesFile }): Promise<Outcome> {
    refuseUnfitNumber(NUMBER);
    const wanted = packages.map(packageNamed);
    const instance = await context.open();
    const row = newestRevision(instance, PROCESS);
    const revision = requiredRevision(instance, { ...row, number: row.revision });
    const pins = onePerId(wanted.map((one) => pinOf(instance.db, one)));
    const needs = revision.steps.flatMap(({ action }) => (action.kind === 'package' ? [action.package] : []));
    const notes = notesFile === undefined ? null : await keepNotes(instance, notesFile);
    const entries = instance.record((db) => {
      const known = readReleases(db, NUMBER).find((one) => one.link === '' && one.process === PROCESS);
      return createRelease(known, {
        process: PROCESS,
        number: NUMBER,
        revision: { number: row.revision, digest: row.digest, sizeBytes: row.sizeBytes },
        packages: pins,
        needed: [...new Set(needs)],
        notes,
        inputs: revision.inputs.map(frozenInput),
        createdAt: new Date(instance.clock.now()).toISOString(),
      }).decision;
    });
    const release = ownRelease(instance.db, `${PROCESS}/${NUMBER}`, 'create');
    const created = entries.length > 0;
    return {
      document: { ...releaseDocument(instance, release), created },
      text: [
        `Release ${PROCESS}/${NUMBER} ${created ? 'is created' : 'is there already'}`,
        ...facts([
          ['digest', release.digest],
          ['process', `revision ${row.revision}, ${row.digest}`],
          ['notes', notes && `${size(notes.sizeBytes)}, ${notes.digest}`],
        ]),
        ...section('Packages', packageRows(release)),
        ...section('Inputs', inputRows(release)),
      ],
    };
  },
});

function pinOf(db: Database, wanted: { id: string; version: string }): PackagePin {
  const own = readPackages(db).filter(({ link }) => link === '');
  const found = own.find(({ pin }) => samePackage(pin, wanted));
  if (found !== undefined) return found.pin;
  const versions = own
    .filter(({ pin }) => pin.id.toLowerCase() === wanted.id.toLowerCase())
    .map(({ pin }) => pin.version);
  const gone = readRemovedPackages(db).find(({ link, pin }) => link === '' && samePackage(pin, wanted));
  throw new CommandError(
    'PACKAGE_UNKNOWN',
    `Cannot use package ${wanted.id} ${wanted.version}: ${gone === undefined ? 'it was not added here' : `it was removed by gc on ${moment(gone.removedAt)}, since ${gone.why}`}`,
    {
      hint:
        versions.length === 0 || gone !== undefined
          ? `Add it first: \`crossgap package add ${packageFileName(wanted)}\`.`
          : `Added here of ${wanted.id}: ${versions.join(', ')}.`,
      details: { ...wanted, versions },
    },
  );
}

/** Named twice is named once; two versions of one package can't both be meant. */
function onePerId(pins: readonly PackagePin[]): PackagePin[] {
  const byId = new Map<string, PackagePin>();
  for (const pin of pins) {
    const known = byId.get(pin.id.toLowerCase());
    if (known !== undefined && known.contentDigest !== pin.contentDigest) {
      throw misuse(
        `Cannot create the release: ${pin.id} is named in versions ${known.version} and ${pin.version}`,
        'Name one version of each package.',
      );
    }
    byId.set(pin.id.toLowerCase(), pin);
  }
  return [...byId.values()];
}

async function keepNotes(instance: Instance, file: string): Promise<{ digest: string; sizeBytes: number }> {
  return instance.blobs.putBytes(Buffer.from(readGivenText(file, 'notes', notesBytesMax), 'utf8'));
}

/** What every receiver must know to give the value; how it is asked for stands in the revision alone. */
function frozenInput(input: InputDefinition): ReleaseInput {
  const { name, label, help, type, choices, required, secret } = input;
  return { name, label, help, type, choices: [...choices], default: input.default, required, secret };
}
