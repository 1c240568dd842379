import { CommandError } from '../../commands/index.ts';
import { samePackage } from '../../packages/index.ts';
import { count, moment, short, size } from '../../words.ts';
import { command, flag, needed, type Outcome } from '../command.ts';
import { packageNamed } from '../given/release-names.ts';
import { shelvedPackages, type ShelvedPackage } from '../told/shelf.ts';
import { facts, section, table } from '../table.ts';

export const packageList = command({
  path: 'package list',
  about: 'The packages on the shelf: by what road they came, who signed them, which releases name them',
  example: 'crossgap package list',
  args: {},
  options: { removed: flag('those too that were removed') },
  async run(context, _args, { removed }): Promise<Outcome> {
    const instance = await context.open();
    const packages = shelvedPackages(instance).filter(({ state }) => removed || state !== 'removed');
    const rows = packages.map((one) => [
      one.id,
      one.version,
      size(one.sizeBytes),
      short(one.contentDigest),
      one.link === null ? 'own' : `by ${one.link}`,
      one.files[0]!.signer,
      standing(one),
      one.releases.length === 0 ? 'in no release' : `in ${count(one.releases.length, 'release')}`,
    ]);
    return {
      document: { packages },
      text: packages.length === 0 ? ['No package is here'] : table(rows),
    };
  },
});

export const packageShow = command({
  path: 'package show',
  about: 'A package of the shelf: its content, its files, who signed them, which releases name it',
  example: 'crossgap package show Orders.Web@1.0.0',
  args: { PACKAGE: needed('ID@VERSION', 'a package that is or was here') },
  options: {},
  async run(context, { PACKAGE }): Promise<Outcome> {
    const instance = await context.open();
    const wanted = packageNamed(PACKAGE);
    const all = shelvedPackages(instance);
    const packages = all.filter((one) => samePackage(one, wanted));
    if (packages.length === 0) throw unknown(wanted, all);
    return {
      document: { packages },
      text: packages.flatMap((one) => ['', ...describe(one)]).slice(1),
    };
  },
});

function describe(one: ShelvedPackage): string[] {
  return [
    `${one.id} ${one.version}: ${standing(one)}`,
    ...facts([
      ['content', one.contentDigest],
      ['came', one.link === null ? 'added here' : `by ${one.link}`],
      ['takes', size(one.sizeBytes)],
    ]),
    ...section(
      one.files.length === 1 ? 'File' : 'Files of this content, the newest first',
      one.files.flatMap((file) => [
        `sha256 ${file.sha256}`,
        `  ${size(file.sizeBytes)}, signed by ${file.signer}, SHA-256 ${file.signerFingerprint}`,
        `  added ${moment(file.addedAt)}${file.removed === null ? (file.held ? '' : '; the file is gone') : `; removed ${moment(file.removed.at)}: ${file.removed.why}`}`,
      ]),
    ),
    ...section(
      'Releases',
      table(
        one.releases.map(({ release, sha256, withdrawn }) => [
          release,
          `names ${short(sha256)}`,
          withdrawn ? 'withdrawn' : '',
        ]),
      ),
    ),
  ];
}

function standing({ state, files }: ShelvedPackage): string {
  if (state === 'missing') return 'its file is gone';
  if (state === 'removed') return 'removed';
  const here = files.filter(({ held, removed }) => held && removed === null);
  return here.length === 1 ? 'here' : `here, ${here.length} files`;
}

function unknown(wanted: { id: string; version: string }, all: readonly ShelvedPackage[]): CommandError {
  const versions = [
    ...new Set(
      all.filter(({ id }) => id.toLowerCase() === wanted.id.toLowerCase()).map(({ version }) => version),
    ),
  ];
  return new CommandError(
    'PACKAGE_UNKNOWN',
    `Cannot show package ${wanted.id} ${wanted.version}: it never was here`,
    {
      hint:
        versions.length === 0
          ? 'See `crossgap package list`.'
          : `Here are of ${wanted.id}: ${versions.join(', ')}.`,
      details: { ...wanted, versions },
    },
  );
}
