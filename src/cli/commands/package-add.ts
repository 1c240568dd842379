import { addPackage, CommandError } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import { admitFile, wouldAdmitFile } from '../../daemon/index.ts';
import type { PackagePin } from '../../events/index.ts';
import type { Instance } from '../../instance/index.ts';
import { PackageError, requireVerified, samePackage, type VerifyOptions } from '../../packages/index.ts';
import {
  readLinks,
  readPackageFiles,
  readRemovedPackages,
  type PackageRow,
} from '../../projections/index.ts';
import { command, neededList, type Outcome } from '../command.ts';
import { describePackage, inWords, refuseMissingPackage } from '../given/package.ts';
import { ownTrust } from '../links/trust.ts';
import { facts } from '../table.ts';
import { moment, size } from '../../words.ts';

export const packageAdd = command({
  path: 'package add',
  about: 'Verify signed packages strictly and keep them, own ones and those that offers name; all or none',
  example: 'crossgap package add Orders.Web.1.0.0.nupkg',
  args: { FILE: neededList('FILE', 'packages signed with the company certificate, or named by an offer') },
  options: {},
  async run(context, { FILE }): Promise<Outcome> {
    const instance = await context.open();
    const trust = ownTrust(instance);
    const at = new Date(instance.clock.now());
    const verified = [];
    const ofLinks = [];
    for (const file of FILE) {
      refuseMissingPackage(file);
      const judged = await ownOrNot(file, { trust, at, limits: instance.packageLimits });
      if ('notOurs' in judged) {
        ofLinks.push({ file, notOurs: judged.notOurs });
        continue;
      }
      const { report } = judged;
      const { id, version, sha256, contentDigest, size: sizeBytes, signature } = report;
      const signer = signature?.signer;
      if (signer === null || signer === undefined) throw new TypeError('a verified package has a signer');
      const pin: PackagePin = { id, version, sha256, contentDigest, sizeBytes };
      // Refuses other content under a known version before anything is stored.
      addPackage(knownFiles(instance.db, pin), { pin, signer, link: null });
      verified.push({ file, report, pin, signer });
    }
    // Before any of our own is stored: what nobody wants is refused, and all with it.
    for (const { file, notOurs } of ofLinks) await refuseUnwanted(instance, file, notOurs);
    const taken = [];
    for (const { file, notOurs } of ofLinks) taken.push(await takeForLinks(instance, file, notOurs));
    const added = [];
    for (const { file, report, pin, signer } of verified) {
      const stored = await instance.blobs.putFile(file);
      if (stored.digest !== pin.sha256) throw changedWhileRead(file, pin.sha256, stored.digest);
      const before = sameContent(instance.db, pin);
      const entries = instance.record((db) => addPackage(knownFiles(db, pin), { pin, signer, link: null }));
      // A removal that began before this was recorded may have taken the file away again.
      if (!instance.holds(pin.sha256)) await instance.blobs.putFile(file);
      added.push({ report, known: entries.length === 0, before });
    }
    return {
      document: {
        packages: added.map(({ report, known, before }) => ({
          ...report,
          known,
          sameContentAs: before === undefined ? null : before.pin.sha256,
        })),
        forLinks: taken,
      },
      text: [
        ...added.flatMap(({ report, known, before }) => [
          '',
          ...describePackage(report, known ? 'already known' : 'added'),
          ...(known || before === undefined ? [] : signedAgain(before)),
        ]),
        ...taken.flatMap(({ package: pin, links, known }) => [
          '',
          `${pin.id} ${pin.version}: ${known ? 'already known' : 'taken'} for releases of ${links.join(', ')}`,
          ...facts([
            ['size', size(pin.sizeBytes)],
            ['sha256', pin.sha256],
            ['content', pin.contentDigest],
          ]),
        ]),
      ].slice(1),
    };
  },
});

type VerifiedReport = Awaited<ReturnType<typeof requireVerified>>;

/** The report of a package that this side's company signed, or why it is none of ours. */
async function ownOrNot(
  file: string,
  options: VerifyOptions,
): Promise<{ readonly report: VerifiedReport } | { readonly notOurs: PackageError }> {
  try {
    return { report: await inWords(() => requireVerified(file, options)) };
  } catch (error) {
    if (error instanceof PackageError && error.code === 'PACKAGE_UNTRUSTED') return { notOurs: error };
    throw error;
  }
}

/** Throws where no release of a link names a package that none of ours signed; nothing is kept. */
async function refuseUnwanted(instance: Instance, file: string, notOurs: PackageError): Promise<void> {
  for (const { link, state } of readLinks(instance.db))
    if (state === 'confirmed' && (await wouldAdmitFile(instance, link, file))) return;
  throw notOurs;
}

/** Takes a package of another company for those links whose releases name it; throws where none does. */
async function takeForLinks(
  instance: Instance,
  file: string,
  notOurs: PackageError,
): Promise<{ readonly package: PackagePin; readonly links: string[]; readonly known: boolean }> {
  const names: string[] = [];
  let taken: { readonly package: PackagePin; readonly known: boolean } | undefined;
  for (const { link, name, state } of readLinks(instance.db)) {
    if (state !== 'confirmed') continue;
    const admission = await admitFile(instance, link, file);
    if (admission.outcome !== 'kept' && admission.outcome !== 'known') continue;
    names.push(name);
    taken = { package: admission.pin, known: admission.outcome === 'known' && (taken?.known ?? true) };
  }
  if (taken === undefined) throw notOurs;
  return { ...taken, links: names };
}

/** Files of this side with the same id and version as NuGet counts them, and whether they were removed since. */
function knownFiles(
  db: Database,
  pin: PackagePin,
): { readonly pin: PackagePin; readonly removedAt?: number }[] {
  const files = [...readPackageFiles(db), ...readRemovedPackages(db)].filter(({ link }) => link === '');
  return files.filter((row) => samePackage(row.pin, pin));
}

/** The newest other file of the same content, if there is one. */
function sameContent(db: Database, pin: PackagePin): PackageRow | undefined {
  return readPackageFiles(db).find(
    (row) => row.link === '' && row.pin.contentDigest === pin.contentDigest && row.pin.sha256 !== pin.sha256,
  );
}

/** What a person should know of a package that was signed again, or countersigned. */
function signedAgain(before: PackageRow): string[] {
  return [
    `  The same content as file ${before.pin.sha256}, added ${moment(before.addedAt)}, with another signature.`,
    '  Releases made from now on name this file; those made before stay as they are, and valid.',
  ];
}

function changedWhileRead(file: string, verified: string, read: string): CommandError {
  return new CommandError('PACKAGE_CONTENT_DIFFERS', `Cannot add ${file}: it was changed while it was read`, {
    hint: 'Add it again when whatever writes it is done.',
    details: { verified, read },
  });
}
