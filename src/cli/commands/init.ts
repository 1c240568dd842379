import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { newCompanyCertificate, type CompanyCertificate } from '../../identity/index.ts';
import { createInstance, instanceAt, type Instance } from '../../instance/index.ts';
import { command, misuse, needed, text, type Outcome } from '../command.ts';
import { CliError } from '../errors.ts';
import { systemReason } from '../given/files.ts';
import { givenCompany, passwordOf } from '../given/company.ts';
import { refuseUnfitName } from '../given/instance-name.ts';
import { facts } from '../table.ts';

const validYears = 10;

export const init = command({
  path: 'init',
  about: 'Make an instance in the data folder; a company certificate signs its introduction and is not kept',
  example: 'crossgap --data ./acme init --name acme --new-certificate acme.pfx',
  args: {},
  options: {
    name: needed('NAME', 'what the other sides will know this instance as'),
    certificate: text(
      'FILE',
      'the company certificate with its private key: PFX, or PEM with those that issued it',
    ),
    key: text('PEM', 'the private key, where it is not in the file of the certificate'),
    'new-certificate': text('PFX', 'make a self-signed company certificate and write it there'),
    'password-file': text('FILE', 'file with the password of the PFX or key (else asked for, else none)'),
  },
  async run(context, _args, options): Promise<Outcome> {
    const { name, certificate, key, 'new-certificate': fresh, 'password-file': passwordFile } = options;
    refuseUnfitName(name);
    if (certificate !== undefined && fresh !== undefined) {
      throw misuse(
        'Cannot make an instance: --certificate and --new-certificate exclude one another',
        'Give the certificate there is, or have one made.',
      );
    }
    if (certificate === undefined && key !== undefined) {
      throw misuse(
        'Cannot make an instance: --key is for the certificate that --certificate names',
        'Give both, or leave --key out.',
      );
    }
    // No certificate is needed to say so.
    const there = await instanceAt(context.folder, name);
    if (there !== undefined) return outcome(there, false);
    if (certificate !== undefined) {
      const company = await givenCompany(context, { certificate, key, passwordFile });
      const { instance, created } = await createInstance(context.folder, { name, company });
      return outcome(instance, created);
    }
    if (fresh === undefined) {
      throw misuse(
        'Cannot make an instance: it needs a company certificate that signs its introduction',
        'Give --certificate FILE (PFX or PEM), or --new-certificate FILE.pfx to have a self-signed one made.',
      );
    }
    refuseUnfitPlace(context.folder, fresh);
    const password = await passwordOf(context, passwordFile, fresh, true);
    const made = await newCompanyCertificate({
      commonName: name,
      validFrom: new Date(),
      validYears,
      password,
    });
    writeNewPfx(fresh, made.pfx);
    try {
      return outcome(await createWith(context.folder, name, made.certificate), true, resolve(fresh));
    } catch (error) {
      // Without its instance the certificate is good for nothing, and in the way of the next attempt.
      rmSync(fresh, { force: true });
      throw error;
    }
  },
});

async function createWith(folder: string, name: string, company: CompanyCertificate): Promise<Instance> {
  const { instance } = await createInstance(folder, { name, company });
  return instance;
}

function outcome(instance: Instance, created: boolean, certificateFile?: string): Outcome {
  const { identity, folder } = instance;
  const { certificate } = identity;
  const document = {
    name: identity.name,
    instanceId: identity.instanceId,
    created,
    folder: folder.root,
    words: identity.words,
    fingerprint: certificate.fingerprint,
    certificate: {
      subject: certificate.subject,
      notBefore: new Date(certificate.notBefore).toISOString(),
      notAfter: new Date(certificate.notAfter).toISOString(),
      ...(certificateFile !== undefined && { file: certificateFile }),
    },
  };
  if (created) instance.log.saveHead();
  instance.close();
  return {
    document,
    text: [
      created ? `Instance ${identity.name} is made` : `Instance ${identity.name} is there already`,
      ...facts([
        ['data folder', folder.root],
        ['instance', identity.instanceId],
        ['certificate', `${certificate.subject}, SHA-256 ${certificate.fingerprint}`],
        ['fingerprint words', identity.words],
        [
          'certificate file',
          certificateFile && `${certificateFile} (signs packages: keep it with the build, not here)`,
        ],
      ]),
    ],
  };
}

function refuseUnfitPlace(folder: string, pfx: string): void {
  const inside = relative(resolve(folder), resolve(pfx));
  if (inside !== '' && !inside.startsWith('..')) {
    throw misuse(
      `Cannot write the certificate to ${pfx}: its private key must not lie in the data folder`,
      'Name a file outside of the data folder, where the build can use it.',
    );
  }
  if (existsSync(pfx)) throw taken(pfx);
}

function writeNewPfx(path: string, pfx: Uint8Array): void {
  try {
    writeFileSync(path, pfx, { mode: 0o600, flag: 'wx', flush: true });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw taken(path);
    // A full disk leaves the beginning of the file, which would be in the way of the next attempt.
    rmSync(path, { force: true });
    throw new CliError('FILE_NOT_WRITTEN', `Cannot write ${path}: ${systemReason(cause)}`, {
      hint: 'Name a file in a folder that is there and that you may write to, then run the command again.',
      cause,
    });
  }
}

function taken(path: string): CliError {
  return new CliError(
    'CERTIFICATE_FILE_EXISTS',
    `Cannot make a certificate in ${path}: that file is there already`,
    {
      hint: 'Use it with --certificate, or name another file.',
      details: { path },
    },
  );
}
