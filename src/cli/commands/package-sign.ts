import { resolve } from 'node:path';
import { requireSignable, signPackage } from '../../packages/index.ts';
import { command, flag, misuse, neededList, text, type Outcome } from '../command.ts';
import { inWords, refuseMissingPackage } from '../given/package.ts';
import { givenHashes, givenSigner, signerOptions } from '../given/signer.ts';
import { limitsHere } from '../given/limits-here.ts';
import { signedOutcome } from '../told/signed-packages.ts';

export const packageSign = command({
  path: 'package sign',
  about: 'Sign packages with the company certificate, as NuGet does',
  example:
    'crossgap package sign Orders.Web.1.0.0.nupkg --certificate acme.pfx --timestamp http://timestamp.example',
  args: { FILE: neededList('FILE', 'the packages; none is signed where one can not be') },
  options: {
    ...signerOptions,
    replace: flag('sign a package anew that is signed already'),
    out: text('FILE', 'where the signed package is written (else in place; for one package only)'),
  },
  async run(context, { FILE }, options): Promise<Outcome> {
    const { out, replace } = options;
    const files = [...new Set(FILE)];
    if (out !== undefined && files.length > 1)
      throw misuse(
        `Cannot sign ${files.length} packages to one file: --out is for one package`,
        'Leave it out to sign each in its place, or sign them one by one.',
      );
    const { hash, timestamp } = givenHashes(options);
    for (const file of files) refuseMissingPackage(file);
    const limits = await limitsHere(context);
    const signer = await givenSigner(context, options);
    if (files.length > 1)
      for (const file of files) await inWords(() => requireSignable(file, replace, limits));
    const signed = [];
    for (const file of files) {
      const to = out ?? file;
      const report = await inWords(() => signPackage(file, to, signer, { hash, timestamp, replace, limits }));
      const where = resolve(to) === resolve(file) ? 'signed, in its place' : 'signed';
      signed.push({ report, standing: `${where}: ${to}` });
    }
    return signedOutcome(signed);
  },
});
