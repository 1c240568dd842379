import { addPackage, CommandError } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import type { PackagePin } from '../../events/index.ts';
import { requireVerified, samePackage } from '../../packages/index.ts';
import { readPackageFiles, readRemovedPackages, type PackageRow } from '../../projections/index.ts';
import { command, neededList, type Outcome } from '../command.ts';
import { describePackage, inWords, refuseMissingPackage } from '../given-package.ts';
import { ownTrust } from '../trust.ts';
import { moment } from '../../words.ts';

export const packageAdd = command({
  path: 'package add',
  about: 'Verify signed packages strictly and keep them; all or none',
  example: 'crossgap package add Orders.Web.1.0.0.nupkg',
  args: { FILE: neededList('FILE', 'packages signed with the company certificate') },
  options: {},
  async run(context, { FILE }): Promise<Outcome> {
    const instance = await context.open();
    const trust = ownTrust(instance);
    const at = new Date(instance.clock.now());
    const verified = [];
    for (const file of FILE) {
      refuseMissingPackage(file);
      const report = await inWords(() =>
        requireVerified(file, { trust, at, limits: instance.packageLimits }),
      );
      const { id, version, sha256, contentDigest, size: sizeBytes, signature } = report;
      const signer = signature?.signer;
      if (signer === null || signer === undefined) throw new TypeError('a verified package has a signer');
      const pin: PackagePin = { id, version, sha256, contentDigest, sizeBytes };
      // Refuses other content under a known version before anything is stored.
      addPackage(knownFiles(instance.db, pin), { pin, signer, link: null });
      verified.push({ file, report, pin, signer });
    }
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
      },
      text: added
        .flatMap(({ report, known, before }) => [
          '',
          ...describePackage(report, known ? 'already known' : 'added'),
          ...(known || before === undefined ? [] : signedAgain(before)),
        ])
        .slice(1),
    };
  },
});

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
