import { addPackage, CommandError } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import type { PackagePin } from '../../events/index.ts';
import { requireVerified, samePackage } from '../../packages/index.ts';
import { readPackages } from '../../projections/index.ts';
import { command, neededList, type Outcome } from '../command.ts';
import { describePackage, inWords, refuseMissingPackage } from '../given-package.ts';
import { ownTrust } from '../trust.ts';

export const packageAdd = command({
  path: 'package add',
  about: 'Verify signed packages strictly and keep them; all or none',
  example: 'crossgap package add Orders.Web.1.0.0.nupkg',
  args: { FILE: neededList('FILE', 'packages signed with the company certificate') },
  options: {},
  async run(context, { FILE }): Promise<Outcome> {
    const instance = await context.open();
    const trust = { fingerprints: ownTrust(instance) };
    const at = new Date(instance.clock.now());
    const verified = [];
    for (const file of FILE) {
      refuseMissingPackage(file);
      const report = await inWords(() => requireVerified(file, { trust, at }));
      const { id, version, sha256, contentDigest, size: sizeBytes, signature } = report;
      const signer = signature?.signer;
      if (signer === null || signer === undefined) throw new TypeError('a verified package has a signer');
      const pin: PackagePin = { id, version, sha256, contentDigest, sizeBytes };
      // Refuses other content under a known version before anything is stored.
      addPackage(knownPackage(instance.db, pin), { pin, signer, link: null });
      verified.push({ file, report, pin, signer });
    }
    const added = [];
    for (const { file, report, pin, signer } of verified) {
      const stored = await instance.blobs.putFile(file);
      if (stored.digest !== pin.sha256) throw changedWhileRead(file, pin.sha256, stored.digest);
      const entries = instance.record((db) => addPackage(knownPackage(db, pin), { pin, signer, link: null }));
      added.push({ report, known: entries.length === 0 });
    }
    return {
      document: { packages: added.map(({ report, known }) => ({ ...report, known })) },
      text: added
        .flatMap(({ report, known }) => ['', ...describePackage(report, known ? 'already known' : 'added')])
        .slice(1),
    };
  },
});

/** The package of this side with the same id and version as NuGet counts them, the same file where it is there. */
function knownPackage(db: Database, pin: PackagePin): { pin: PackagePin } | undefined {
  const same = readPackages(db).filter((row) => row.link === '' && samePackage(row.pin, pin));
  return same.find((row) => row.pin.sha256 === pin.sha256) ?? same[0];
}

function changedWhileRead(file: string, verified: string, read: string): CommandError {
  return new CommandError('PACKAGE_CONTENT_DIFFERS', `Cannot add ${file}: it was changed while it was read`, {
    hint: 'Add it again when whatever writes it is done.',
    details: { verified, read },
  });
}
