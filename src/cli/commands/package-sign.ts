import { resolve } from 'node:path';
import { readPfx } from '../../identity/index.ts';
import { signPackage } from '../../packages/index.ts';
import { command, needed, text, type Outcome } from '../command.ts';
import { readGivenFile } from '../files.ts';
import { describePackage, inWords, refuseMissingPackage } from '../given-package.ts';
import { passwordOf } from './init.ts';

const pfxBytesMax = 1024 * 1024;

export const packageSign = command({
  path: 'package sign',
  about: 'Sign a package with the company certificate, as NuGet does',
  example: 'crossgap package sign Orders.Web.1.0.0.nupkg --certificate acme.pfx',
  args: { FILE: needed('FILE', 'the package') },
  options: {
    certificate: needed('PFX', 'the company certificate, with its private key'),
    'password-file': text('FILE', 'file with the password of the PFX (else asked for, else none)'),
    out: text('FILE', 'where the signed package is written (else in place)'),
  },
  async run(context, { FILE }, { certificate, 'password-file': passwordFile, out = FILE }): Promise<Outcome> {
    const pfx = readGivenFile(certificate, 'certificate', pfxBytesMax);
    const company = await readPfx(pfx, await passwordOf(context, passwordFile, certificate, false));
    refuseMissingPackage(FILE);
    const report = await inWords(() => signPackage(FILE, out, company, { hash: 'sha256' }));
    const where = resolve(out) === resolve(FILE) ? 'signed, in the place of the unsigned file' : 'signed';
    return { document: report, text: describePackage(report, `${where}: ${out}`) };
  },
});
