import { resolve } from 'node:path';
import { countersignPackage } from '../../packages/index.ts';
import { command, flag, list, misuse, needed, text, type Outcome } from '../command.ts';
import { inWords, refuseMissingPackage } from '../given/package.ts';
import { givenHashes, givenSigner, signerOptions } from '../given/signer.ts';
import { limitsHere } from '../given/limits-here.ts';
import { signedOutcome } from '../told/signed-packages.ts';

export const packageCountersign = command({
  path: 'package countersign',
  about: "Add a repository's signature to a package; its author's signature and its content stay",
  example:
    'crossgap package countersign Orders.Web.1.0.0.nupkg --certificate contoso.pfx --service-index https://packages.contoso.example/v3/index.json',
  args: { FILE: needed('FILE', 'the package; one that nobody signed gets this signature as its only one') },
  options: {
    ...signerOptions,
    'service-index': needed('URL', 'the repository: the https address of its v3 service index'),
    owner: list('NAME', 'who owns the package there'),
    replace: flag("put it in the place of a repository's countersignature that is there"),
    out: text('FILE', 'where the countersigned package is written (else in place)'),
  },
  async run(context, { FILE }, options): Promise<Outcome> {
    const { out = FILE, owner, replace, 'service-index': serviceIndex } = options;
    refuseUnfitRepository(serviceIndex, owner);
    const { hash, timestamp } = givenHashes(options);
    refuseMissingPackage(FILE);
    const limits = await limitsHere(context);
    const signer = await givenSigner(context, options);
    const role = { kind: 'repository', serviceIndex, owners: owner } as const;
    const { report, primary } = await inWords(() =>
      countersignPackage(FILE, out, signer, { hash, timestamp, role, replace, limits }),
    );
    const what = primary
      ? 'signed as a repository, as nobody had signed it: it has no signature of an author'
      : 'countersigned as a repository';
    const where = resolve(out) === resolve(FILE) ? `${what}, in the place of the file` : what;
    const outcome = signedOutcome([{ report, standing: `${where}: ${out}` }]);
    // Whoever countersigns may be the first to see its author: whom to believe was not asked, and is not told.
    const { trusted: _trusted, ok: _ok, checks: _checks, ...document } = report;
    return { ...outcome, document: { ...document, primary } };
  },
});

function refuseUnfitRepository(serviceIndex: string, owners: readonly string[]): void {
  // What is signed is an IA5 string, which holds ASCII and nothing else.
  const isAddress = /^https:\/\/[\x21-\x7e]+$/.test(serviceIndex) && URL.canParse(serviceIndex);
  if (!isAddress)
    throw misuse(
      `Cannot countersign: --service-index ${serviceIndex} is no https address`,
      'Give it whole, for example https://packages.example/v3/index.json.',
    );
  if (owners.some((owner) => owner.trim() === ''))
    throw misuse(
      'Cannot countersign: an --owner has no name',
      'Give the name the owner has in the repository.',
    );
}
