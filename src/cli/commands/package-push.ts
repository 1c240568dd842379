import { CommandError } from '../../commands/index.ts';
import { pushAndRecord } from '../../daemon/index.ts';
import { findLink, type Instance } from '../../instance/index.ts';
import { NugetError } from '../../nuget/index.ts';
import { samePackage } from '../../packages/index.ts';
import { fileFor, linkNames, readLinks, readPackages, type PackageRow } from '../../projections/index.ts';
import { commandLine, size } from '../../words.ts';
import { command, flag, neededList, text, type Outcome } from '../command.ts';
import { givenRepository } from '../given/repository.ts';
import { packageNamed } from '../given/release-names.ts';
import { table } from '../table.ts';

export const packagePush = command({
  path: 'package push',
  about: "Give packages to the company's own NuGet repository: once, never over other content",
  example: 'crossgap package push Orders.Web@1.0.0 --to nexus',
  args: { PACKAGE: neededList('ID@VERSION', 'packages that were added here, or that a link brought') },
  options: {
    to: text(
      'NAME|URL|FOLDER',
      'a [[source]] of crossgap.toml, a service index (…/index.json), or a folder; without it the only [[source]]',
    ),
    link: text('LINK', 'whose package, where several have one of that name; self: is this side'),
    user: text('U', 'who we are there, for an address that is no [[source]]'),
    'password-file': text('FILE', 'the password of that user'),
    'api-key-file': text('FILE', 'the key to push with'),
    'allow-insecure': flag('push without TLS, where the network is trusted'),
  },
  excess: 'Packages are named ID@VERSION; the repository with --to.',
  async run(context, { PACKAGE }, options): Promise<Outcome> {
    const instance = await context.open();
    const repository = givenRepository(instance, options.to, {
      user: options.user,
      passwordFile: options['password-file'],
      apiKeyFile: options['api-key-file'],
      allowInsecure: options['allow-insecure'],
    });
    const given = PACKAGE.map((named) => chosen(instance, packageNamed(named), options.link));
    const packages = [];
    let failure: NugetError | undefined;
    for (const { row, path } of given) {
      const { id, version, contentDigest, sha256, sizeBytes } = row.pin;
      const what = { id, version, contentDigest, sha256, sizeBytes };
      try {
        const pushed = await pushAndRecord(instance, repository, row.pin, path, {
          signal: context.signal,
          isByHand: true,
        });
        packages.push({ ...what, ...pushed, code: null });
      } catch (error) {
        if (!(error instanceof NugetError)) throw error;
        failure ??= error;
        packages.push({ ...what, outcome: 'failed', warnings: [], code: error.code });
        // What is wrong with the repository itself is wrong for the others too.
        if (error.again !== 'never') break;
      }
    }
    return {
      document: { repository: repository.name, packages },
      text: [
        ...table(
          packages.map((one) => [
            `${one.id} ${one.version}`,
            size(one.sizeBytes),
            inWords[one.outcome] ?? '',
          ]),
        ),
        ...packages.flatMap(({ warnings }) =>
          warnings.map((warning) => `${repository.name} says: ${warning}`),
        ),
      ],
      ...(failure && { failure }),
    };
  },
});

const inWords: Readonly<Record<string, string>> = {
  taken: 'taken',
  there: 'was there already, with the same content',
  failed: 'NOT taken',
};

/** The package that is meant, and its file. Which of several contents is never guessed. */
function chosen(
  instance: Instance,
  wanted: { readonly id: string; readonly version: string },
  from: string | undefined,
): { readonly row: PackageRow; readonly path: string } {
  const { db, blobs } = instance;
  const link = from === undefined ? undefined : from === 'self:' ? '' : findLink(db, from).link;
  const named = readPackages(db).filter(
    (row) => samePackage(row.pin, wanted) && (link === undefined || row.link === link),
  );
  const contents = new Set(named.map(({ pin }) => pin.contentDigest));
  const what = `${wanted.id} ${wanted.version}`;
  if (contents.size > 1) {
    const names = linkNames(readLinks(db));
    const roads = named.map((row) => (row.link === '' ? 'self:' : (names.get(row.link) ?? row.link)));
    throw new CommandError(
      'PACKAGE_CONTENT_DIFFERS',
      `Cannot push ${what}: several sides have one, of other content each`,
      {
        hint: `Say whose with --link: ${roads.join(', ')}.`,
        details: { ...wanted, contents: [...contents] },
      },
    );
  }
  for (const row of named) {
    const file = fileFor(db, row.link, row.pin, (digest) => instance.holds(digest));
    if (file !== undefined) return { row: file, path: blobs.path(file.pin.sha256) };
  }
  throw new CommandError(
    'PACKAGE_UNKNOWN',
    `Cannot push ${what}: ${named.length === 0 ? 'it is not here' : 'its file is gone'}`,
    {
      hint: `See ${commandLine('package', 'list')} for what is here; nothing is pushed that was not verified.`,
      details: wanted,
    },
  );
}
