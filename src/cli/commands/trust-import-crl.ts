import { CommandError, importRevocations, whyNotConfirmed } from '../../commands/index.ts';
import { findLinks, type Instance } from '../../instance/index.ts';
import { revocationFacts, revocationListBytesMax, type RevocationFacts } from '../../packages/index.ts';
import { readRevocationLists } from '../../projections/index.ts';
import { ago, count, moment } from '../../words.ts';
import { command, list, needed, type Context, type Outcome } from '../command.ts';
import { readGivenFile } from '../given/files.ts';
import { indented } from '../table.ts';
import { knownCertificates } from '../told/trust-views.ts';

export const importCrl = command({
  path: 'trust import-crl',
  about: 'Take in a list of revoked certificates; it is never fetched. --to hands it to receivers as well',
  example: 'crossgap trust import-crl acme-ca.crl --to contoso',
  args: { FILE: needed('FILE', 'the list, DER or PEM; - reads it from standard input') },
  options: { to: list('LINK', 'whom it is told, so that they know it of our certificates') },
  async run(context, { FILE }, { to }): Promise<Outcome> {
    const bytes = await bytesOf(context, FILE);
    const instance = await context.open();
    const read = await readList(FILE, bytes, instance);
    const receivers = findLinks(instance.db, [...new Set(to)]);
    const closed = receivers.find(({ state }) => state !== 'confirmed');
    if (closed !== undefined)
      throw new CommandError('LINK_NOT_CONFIRMED', `Cannot tell ${closed.name}: ${whyNotConfirmed(closed)}`, {
        hint: 'See `crossgap link list`; nothing was taken in.',
        details: { link: closed.name },
      });
    const { digest, sizeBytes } = await instance.blobs.putBytes(read.der);
    const pin = {
      digest,
      sizeBytes,
      issuer: read.issuer.slice(0, 1000),
      thisUpdate: read.thisUpdate.getTime(),
      nextUpdate: read.nextUpdate.getTime(),
    };
    const entries = instance.record((db) => {
      const here = new Set(
        readRevocationLists(db)
          .filter(({ link }) => link === '')
          .map((row) => row.digest),
      );
      const told = readRevocationLists(db, true).filter((row) => row.digest === digest);
      return importRevocations(
        { here, toldTo: new Set(told.map(({ link }) => link)) },
        pin,
        receivers.map(({ link }) => link),
      );
    });
    const imported = entries.some(({ header }) => header.type === 'revocation.imported');
    const toldTo = entries.filter(({ header }) => header.type === 'revocation.told').length;
    return {
      document: {
        digest,
        issuer: read.issuer,
        thisUpdate: read.thisUpdate.toISOString(),
        nextUpdate: read.nextUpdate.toISOString(),
        certificates: read.count,
        signedByIssuer: read.signedByIssuer,
        revoked: read.revoked.map(({ since, ...one }) => ({ ...one, since: since.toISOString() })),
        imported,
        toldTo,
      },
      text: describe(read, new Date(instance.clock.now()).toISOString(), imported, toldTo),
    };
  },
});

async function bytesOf(context: Context, file: string): Promise<Buffer> {
  return file === '-'
    ? context.terminal.readBytes('the list', revocationListBytesMax)
    : readGivenFile(file, 'revocation list', revocationListBytesMax);
}

/** @throws CommandError REVOCATION_LIST_REFUSED */
async function readList(file: string, bytes: Buffer, instance: Instance): Promise<RevocationFacts> {
  const read = await revocationFacts(bytes, knownCertificates(instance));
  const because =
    'refused' in read
      ? read.refused
      : read.issuerKnown && !read.signedByIssuer
        ? `it says it is of "${read.issuer}", and the certificate of that name that is known here did not sign it`
        : undefined;
  if (because === undefined && !('refused' in read)) return read;
  throw new CommandError('REVOCATION_LIST_REFUSED', `Cannot take in ${file}: ${because}`, {
    hint: 'Get the complete list from who issued the certificates; its address stands in them.',
    details: { file },
  });
}

function describe(read: RevocationFacts, now: string, imported: boolean, toldTo: number): string[] {
  const { issuer, thisUpdate, nextUpdate, issuerKnown, revoked } = read;
  const overdue = nextUpdate.toISOString() < now;
  return [
    `List of "${issuer}" ${imported ? 'is taken in' : 'was taken in before'}: ${count(read.count, 'certificate')} revoked`,
    ...indented([
      `made ${ago(thisUpdate.toISOString(), now)}, ${overdue ? 'and the next one is overdue since' : 'the next one comes'} ${moment(nextUpdate.toISOString())}`,
      issuerKnown
        ? 'signed by that issuer, which is known here'
        : 'nobody here is called so yet: it counts once a package is signed under that issuer',
      ...(toldTo === 0 ? [] : [`handed to ${count(toldTo, 'receiver')}`]),
    ]),
    ...revoked.map(
      ({ subject, since, reason }) =>
        `It revokes "${subject}" as of ${moment(since.toISOString())} (${reason}): what it signed is refused here`,
    ),
  ];
}
