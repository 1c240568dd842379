import { addTrust, CommandError, type TrustEntry } from '../../commands/index.ts';
import { TrustPurpose } from '../../events/index.ts';
import { certificateFacts, shortestRsaBits } from '../../identity/index.ts';
import { findLink, type Instance } from '../../instance/index.ts';
import { readDistrusted, readTrusted } from '../../projections/index.ts';
import { count } from '../../words.ts';
import { command, flag, list, misuse, needed, text, type Outcome } from '../command.ts';
import { readGivenFile } from '../given/files.ts';
import { indented } from '../table.ts';
import { pemCertificates } from '../links/trust.ts';
import { trustedSigners } from '../given/trusted-signers.ts';

const configBytesMax = 4 * 1024 * 1024;

export const addTrusted = command({
  path: 'trust add',
  about:
    'Trust certificates: of signers, of time stamp authorities, of repositories, or those that issue them',
  example: 'crossgap trust add digicert-timestamp-root.pem --for timestamp',
  args: {
    PEM: needed('PEM', 'file with one certificate or several; each counts for those that it issued as well'),
  },
  options: {
    for: text(
      'PURPOSE',
      'signer (else this), timestamp, repository, or root: only above an entry that asks for one',
    ),
    link: text('LINK', 'a signer of the packages of this link (else of own packages)'),
    owner: list('OWNER', 'a repository only for packages of these owners'),
    vouches: flag('a repository whose countersignature is enough for own packages by an author nobody knows'),
    note: text('TEXT', 'why, for those who read the list'),
  },
  async run(context, { PEM }, { for: purpose = 'signer', link, owner, vouches, note }): Promise<Outcome> {
    const wanted = TrustPurpose.safeParse(purpose);
    if (!wanted.success)
      throw misuse(
        `Cannot trust a certificate for ${purpose}: there is no such purpose`,
        'Name signer, timestamp, repository or root.',
      );
    if (link !== undefined && wanted.data !== 'signer')
      throw misuse(
        `Cannot trust a ${purpose} for one link: it counts for all`,
        'Leave --link out, or add it as a signer.',
      );
    if ((owner.length > 0 || vouches) && wanted.data !== 'repository')
      throw misuse(
        `Cannot trust a ${purpose} with owners or to vouch: only a repository does that`,
        'Add it with --for repository, or leave --owner and --vouches out.',
      );
    const certificates = pemCertificates(PEM);
    for (const der of certificates) refuseUnfit(PEM, der);
    const instance = await context.open();
    const linkId = link === undefined ? null : findLink(instance.db, link).link;
    const entries = certificates.map((certificate): TrustEntry => ({
      fingerprint: certificateFacts(certificate).fingerprint,
      purpose: wanted.data,
      link: linkId,
      certificate,
      issues: true,
      rootNeeded: false,
      vouches,
      name: null,
      serviceIndex: null,
      owners: [...new Set(owner)],
      note: note ?? null,
    }));
    const added = record(instance, entries);
    const lines = certificates.map((der) => {
      const { subject, fingerprint, notAfter } = certificateFacts(der);
      const how = added.has(fingerprint) ? 'trusted now' : 'trusted already';
      const over = notAfter < instance.clock.now() ? ', expired: it counts for what was stamped before' : '';
      return `${subject}: ${how} as ${wanted.data}, SHA-256 ${fingerprint}${over}`;
    });
    return { document: { purpose: wanted.data, certificates: described(entries, added) }, text: lines };
  },
});

export const importNugetConfig = command({
  path: 'trust import-nuget-config',
  about: 'Trust what the trustedSigners of a nuget.config name: authors and repositories, with their owners',
  example: 'crossgap trust import-nuget-config nuget.config',
  args: { FILE: needed('FILE', 'the nuget.config') },
  options: {},
  async run(context, { FILE }): Promise<Outcome> {
    const { entries, problems } = trustedSigners(readGivenFile(FILE, 'settings of NuGet', configBytesMax));
    const errors = problems.filter(({ severity }) => severity === 'error');
    const [first] = errors;
    if (first !== undefined)
      throw new CommandError(
        'TRUST_ENTRY_UNFIT',
        `Cannot trust the signers of ${FILE}: ${first.message} (${first.code})`,
        {
          hint: 'Mend the file; none of it was taken. NuGet wants SHA-256, SHA-384 or SHA-512 in upper case.',
          details: { file: FILE, problems: errors },
        },
      );
    const instance = await context.open();
    const added = record(instance, entries);
    const rooted = entries.filter(({ rootNeeded }) => rootNeeded).length;
    return {
      document: { certificates: described(entries, added), problems },
      text: [
        entries.length === 0
          ? `${FILE} names no trusted signers`
          : `${count(added.size, 'certificate')} of ${FILE} trusted now, ${entries.length - added.size} already`,
        ...indented(
          entries.map(
            ({ name, purpose, fingerprint }) =>
              `${purpose === 'signer' ? 'author' : purpose} ${name ?? '-'}: ${fingerprint}`,
          ),
        ),
        ...(rooted === 0
          ? []
          : [
              `${count(rooted, 'entry', 'entries')} of it ${rooted === 1 ? 'counts' : 'count'} only under a root that is trusted here: no root of the system is; add it with \`crossgap trust add PEM --for root\``,
            ]),
        ...problems.map(({ code, message }) => `warning ${code}: ${message}`),
      ],
    };
  },
});

/** Appends the entries that are new, and tells which fingerprints those are. */
function record(instance: Instance, entries: readonly TrustEntry[]): Set<string> {
  const appended = instance.record((db) => {
    const known = readTrusted(db).map(({ addedAt: _at, addedBy: _by, link, owners, ...row }): TrustEntry => ({
      ...row,
      link: link === '' ? null : link,
      owners: [...owners],
    }));
    return addTrust(
      known,
      entries,
      readDistrusted(db).map(({ fingerprint }) => fingerprint),
    );
  });
  return new Set(
    appended.flatMap(({ event }) =>
      event.known && (event.name === 'trust.added' || event.name === 'trust.distrusted')
        ? [event.data.fingerprint]
        : [],
    ),
  );
}

const described = (entries: readonly TrustEntry[], added: ReadonlySet<string>): object[] =>
  entries.map(({ certificate, fingerprint, ...entry }) => ({
    fingerprint,
    subject: certificate === null ? null : certificateFacts(certificate).subject,
    ...entry,
    added: added.has(fingerprint),
  }));

function refuseUnfit(path: string, der: Uint8Array): void {
  const { subject, keyType, keyBits, fingerprint } = certificateFacts(der);
  if (keyType === 'rsa' && keyBits >= shortestRsaBits) return;
  throw new CommandError(
    'TRUST_ENTRY_UNFIT',
    `Cannot trust "${subject}" of ${path}: its key is not RSA of at least ${shortestRsaBits} bits (NU3014)`,
    {
      hint: 'NuGet takes no other keys for packages, time stamps and those that issue their certificates.',
      details: { file: path, fingerprint },
    },
  );
}
