import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { findBundles, type FoundBundle } from '../../src/bundles/index.ts';
import { bundleInvitation } from '../../src/cli/links/invitation-file.ts';
import { acceptInvitation, confirm, invite } from '../../src/commands/index.ts';
import type { LinkTransport } from '../../src/events/index.ts';
import { createInstance, type Instance } from '../../src/instance/index.ts';
import { readLinks } from '../../src/projections/index.ts';
import { companyOf, linkOf, type HeldClock } from '../support/instances.ts';

/** A vendor and what it knows of a site that nobody has met: a name. */
export type OpenDesk = {
  readonly clock: HeldClock;
  readonly root: string;
  readonly vendor: Instance;
};

/** An invitation that nobody has answered. */
export function inviteSite(
  { vendor }: OpenDesk,
  name: string,
  transport: LinkTransport = { kind: 'hand' },
): string {
  const link = randomBytes(16).toString('hex');
  vendor.record((db) => invite(readLinks(db), { link, name, transport }));
  return link;
}

/** An instance made where a bundle was brought; most belong to one company, whose certificate is made once. */
export async function makeSite({ root, clock }: OpenDesk, name: string, company = 'site'): Promise<Instance> {
  const { instance } = await createInstance(join(root, name), { name, company: companyOf(company) }, clock);
  return instance;
}

/** The one bundle in a folder. */
export async function bundleIn(folder: string): Promise<FoundBundle> {
  const { bundles } = await findBundles([folder]);
  return bundles[0]!;
}

/** What a person does at a site: compares the words, and takes the invitation in that lies in the bundle. */
export function takeInvitationOf(site: Instance, found: FoundBundle): string {
  const { link, introduction, introductionBytes } = bundleInvitation(site, found)!;
  const peer = { instanceId: introduction.instanceId, introduction: introductionBytes };
  site.record((db) => [
    ...acceptInvitation(readLinks(db), {
      link,
      name: introduction.name,
      transport: { kind: 'hand' },
      peer,
    }),
  ]);
  site.record((db) => confirm(linkOf(site, link, db), introduction.certificate.fingerprint));
  return link;
}
