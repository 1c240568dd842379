import { unsignPackage } from '../../packages/index.ts';
import { command, needed, type Outcome } from '../command.ts';
import { refuseInPlace } from '../given/files.ts';
import { limitsHere } from '../given/limits-here.ts';
import { refuseMissingPackage } from '../given/package.ts';

export const packageUnsign = command({
  path: 'package unsign',
  about: 'Write a package as it was before anybody signed it, byte for byte',
  example: 'crossgap package unsign Orders.Web.1.0.0.nupkg --out unsigned.nupkg',
  args: { FILE: needed('FILE', 'the signed package, which stays as it is') },
  options: { out: needed('FILE', 'where the unsigned package is written') },
  async run(context, { FILE }, { out }): Promise<Outcome> {
    refuseMissingPackage(FILE);
    refuseInPlace(out, [FILE]);
    const unsigned = await unsignPackage(FILE, out, await limitsHere(context));
    return {
      document: { ...unsigned, contentDigest: unsigned.sha256, from: FILE },
      text: `${FILE} without its signature: ${out}, SHA-256 ${unsigned.sha256}`,
    };
  },
});
