import { companyCertificates, introducedCertificates } from '../../daemon/index.ts';
import { certificateFacts } from '../../identity/index.ts';
import type { Instance } from '../../instance/index.ts';
import {
  linkNames,
  readDistrusted,
  readLinks,
  readTrusted,
  type TrustedRow,
} from '../../projections/index.ts';

/** One certificate that is trusted here, for one purpose, and where that comes from. */
export type TrustView = Omit<TrustedRow, 'link' | 'certificate' | 'addedAt' | 'addedBy'> & {
  /** Null where only the fingerprint is known. */
  readonly subject: string | null;
  readonly issuer: string | null;
  /** ISO 8601 UTC. */
  readonly notBefore: string | null;
  readonly notAfter: string | null;
  /** The link whose packages it is about; null: this side's own, and for time stamps and repositories all. */
  readonly link: string | null;
  readonly source: 'own company' | 'company of the link' | 'added here';
  readonly addedAt: string | null;
  readonly addedBy: string | null;
  /** Since when and why nothing is believed by it all the same; null where it is. */
  readonly distrusted: Distrust | null;
};

export type Distrust = { readonly since: string; readonly by: string; readonly reason: string | null };

/** A certificate that nothing is believed by here. */
export type DistrustView = Distrust & {
  readonly fingerprint: string;
  /** Null where only the fingerprint is known. */
  readonly subject: string | null;
};

export function distrustViews({ db }: Pick<Instance, 'db'>): DistrustView[] {
  return readDistrusted(db).map(({ fingerprint, certificate, reason, since, by }) => ({
    fingerprint,
    subject: certificate && certificateFacts(certificate).subject,
    since: new Date(since).toISOString(),
    by,
    reason,
  }));
}

/** A certificate that nothing was believed by here, until a person trusted it again. */
export type DistrustOver = DistrustView & { readonly endedAt: string; readonly endedBy: string };

/** What was distrusted once and is so no longer, in the order in which that ended: the log keeps why it was. */
export function distrustsOver({ log, db }: Pick<Instance, 'log' | 'db'>): DistrustOver[] {
  const subjects = new Map(
    readTrusted(db).flatMap(({ fingerprint, certificate }) =>
      certificate === null ? [] : [[fingerprint, certificateFacts(certificate).subject]],
    ),
  );
  const open = new Map<string, DistrustView>();
  return log.ofType(log.feedTo(log.instanceId), 'trust.distrusted').flatMap(({ event, header }) => {
    if (!event.known || event.name !== 'trust.distrusted') return [];
    const { fingerprint, certificate, on, reason } = event.data;
    const at = new Date(header.at).toISOString();
    const before = open.get(fingerprint);
    if (on) {
      const subject = certificate && certificateFacts(certificate).subject;
      open.set(fingerprint, { fingerprint, subject, since: at, by: header.actor, reason });
      return [];
    }
    if (!open.delete(fingerprint) || before === undefined) return [];
    const subject = before.subject ?? subjects.get(fingerprint) ?? null;
    return [{ ...before, subject, endedAt: at, endedBy: header.actor }];
  });
}

/** Everything trusted here: company certificates of this side and of the links, then what was added. */
export function trustViews(instance: Instance): TrustView[] {
  const links = readLinks(instance.db);
  const names = linkNames(links);
  const distrusts = new Map(distrustViews(instance).map((one) => [one.fingerprint, one]));
  const distrustOf = (fingerprint: string): Distrust | null => {
    const one = distrusts.get(fingerprint);
    return one === undefined ? null : { since: one.since, by: one.by, reason: one.reason };
  };
  const confirmed = links.filter(({ state }) => state === 'confirmed');
  const pinned = ['', ...confirmed.map(({ link }) => link)].flatMap((link) =>
    companyCertificates(instance, link).map((der): TrustView => ({
      ...factsOf(der),
      distrusted: distrustOf(certificateFacts(der).fingerprint),
      purpose: 'signer',
      link: link === '' ? null : (names.get(link) ?? link),
      source: link === '' ? 'own company' : 'company of the link',
      issues: true,
      rootNeeded: false,
      vouches: false,
      name: null,
      serviceIndex: null,
      owners: [],
      note: null,
      addedAt: null,
      addedBy: null,
    })),
  );
  const added = readTrusted(instance.db).map(({ certificate, addedAt, link, ...row }): TrustView => ({
    subject: null,
    issuer: null,
    notBefore: null,
    notAfter: null,
    ...row,
    ...(certificate !== null && factsOf(certificate)),
    link: link === '' ? null : (names.get(link) ?? link),
    source: 'added here',
    distrusted: distrustOf(row.fingerprint),
    addedAt: new Date(addedAt).toISOString(),
  }));
  return [...pinned, ...added];
}

type Facts = Pick<TrustView, 'fingerprint' | 'subject' | 'issuer' | 'notBefore' | 'notAfter'>;

function factsOf(der: Uint8Array): Facts {
  const { fingerprint, subject, issuer, notBefore, notAfter } = certificateFacts(der);
  const iso = (time: number): string => new Date(time).toISOString();
  return { fingerprint, subject, issuer, notBefore: iso(notBefore), notAfter: iso(notAfter) };
}

/** What a certificate is trusted for, in words. */
export function purposeInWords({ purpose, link, issues, rootNeeded, vouches, owners }: TrustView): string {
  const whose = owners.length === 0 ? '' : ` of ${owners.join(', ')}`;
  const about = {
    signer: link === null ? 'own packages' : `packages of ${link}`,
    timestamp: 'time stamps',
    repository: vouches
      ? `countersigning, and vouching for packages${whose}`
      : `countersigning packages${whose}`,
    root: 'completing chains',
  }[purpose];
  return [about, ...(issues ? [] : ['itself only']), ...(rootNeeded ? ['with a root'] : [])].join('; ');
}

/** All certificates, in DER, that are known here: those that lists of revoked ones can be about. */
export function knownCertificates(instance: Instance): Uint8Array[] {
  const links = readLinks(instance.db).filter(({ state }) => state === 'confirmed');
  const companies = ['', ...links.map(({ link }) => link)].flatMap((link) =>
    introducedCertificates(instance, link),
  );
  const added = readTrusted(instance.db).flatMap(({ certificate }) => certificate ?? []);
  return [...companies, ...added];
}
