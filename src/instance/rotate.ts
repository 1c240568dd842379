import type { StartedEpochs } from '../events/index.ts';
import { faultPoint } from '../faults.ts';
import {
  certificateFacts,
  endorse,
  endorseFromSite,
  isSiteCertificate,
  openIntroduction,
  sealIntroduction,
  type CompanyCertificate,
  type InstanceKeys,
  type OpenedIntroduction,
} from '../identity/index.ts';
import { tryLock } from '../lock.ts';
import { InstanceError } from './errors.ts';
import { adoptKeys, dropPreparedKeys, prepareKeys } from './key-change.ts';
import type { Instance } from './open.ts';

/** By which certificate the new keys are introduced; `before` is the present one, where it is to be replaced too. */
export type NewIdentity = {
  readonly company: CompanyCertificate;
  readonly before?: CompanyCertificate | undefined;
};

/** What came of a change of keys. The instance it was asked of signs nothing more: open it again. */
export type ChangedKeys = {
  readonly introduction: OpenedIntroduction;
  /** Own feeds that go on with the new key. */
  readonly feeds: readonly string[];
};

/**
 * Gives an instance new keys, introduced by its company certificate and announced in every own feed under the old key.
 *
 * @throws InstanceError DAEMON_RUNNING, CERTIFICATE_NOT_INTRODUCED, and what the log finds wrong; nothing is changed then
 */
export function rotateKeys(instance: Instance, identity: NewIdentity): ChangedKeys {
  const { log, actor } = instance;
  return changeKeys(instance, identity, ({ next, introduction, endorsement }) =>
    log.rotateKey({ introduction, endorsement, key: next.signing, actor }),
  );
}

/**
 * The same where the old key is in wrong hands: what it signed at or behind the position `from` of this log, here or
 * elsewhere, is void. Needs nothing but the certificate: the old key is not asked.
 *
 * @throws InstanceError as `rotateKeys`, REVOCATION_POINT_UNKNOWN
 */
export function revokeKeys(
  instance: Instance,
  identity: NewIdentity,
  { from, reason }: { readonly from: number; readonly reason: string },
): ChangedKeys & Pick<StartedEpochs, 'lost'> {
  const { log, actor } = instance;
  const first = log.entryAt(log.feedTo(log.instanceId), { epoch: 1, seq: 1 });
  if (from <= (first?.pos ?? 0) || from > log.lastPosition() + 1)
    throw new InstanceError(
      'REVOCATION_POINT_UNKNOWN',
      `Cannot revoke the key from position ${from} on: the log has positions ${(first?.pos ?? 0) + 1} to ${log.lastPosition() + 1} to choose from`,
      {
        hint: 'Look with `crossgap log show` which is the first entry you do not believe.',
        details: { from },
      },
    );
  let lost: readonly string[] = [];
  const changed = changeKeys(instance, identity, ({ next, introduction, endorsement }) => {
    const done = log.replaceKey({ introduction, endorsement, key: next.signing, from, reason, actor });
    ({ lost } = done);
    return done.started.map(({ feed }) => feed);
  });
  return { ...changed, lost };
}

type Prepared = {
  readonly next: InstanceKeys;
  readonly introduction: Uint8Array;
  readonly endorsement: Uint8Array | undefined;
};

function changeKeys(
  instance: Instance,
  { company, before }: NewIdentity,
  announce: (prepared: Prepared) => readonly string[],
): ChangedKeys {
  const { folder, identity, log, clock } = instance;
  using lock = tryLock(folder.daemonLock, 'identity');
  if (lock === undefined)
    throw new InstanceError(
      'DAEMON_RUNNING',
      `Cannot change the keys of ${identity.name}: a daemon works there`,
      {
        hint: 'Stop it first: it would go on with the old keys.',
      },
    );
  const endorsement = endorsementBy(instance, company, before);
  const { next, introduction } = prepareKeys(folder, (made) =>
    sealIntroduction(
      {
        instanceId: identity.instanceId,
        name: identity.name,
        signingKey: made.signing.publicKey,
        sealingKey: made.sealing.publicKey,
        // Order is what counts here: a clock that went back must not make the new one the older one.
        issuedAt: Math.max(clock.now(), identity.issuedAt + 1),
      },
      company,
    ),
  );
  let feeds: readonly string[];
  try {
    feeds = announce({ next, introduction, endorsement: endorsement?.(introduction) });
  } catch (error) {
    dropPreparedKeys(folder);
    throw error;
  }
  faultPoint('keys.announced');
  log.saveHead();
  adoptKeys(folder);
  return { introduction: openIntroduction(introduction), feeds };
}

/** The present certificate has to stand for a new one; where it was made at a site, the instance key does. */
function endorsementBy(
  { identity, keys }: Instance,
  company: CompanyCertificate,
  before: CompanyCertificate | undefined,
): ((introduction: Uint8Array) => Uint8Array) | undefined {
  const present = identity.certificate.fingerprint;
  const fingerprint = (of: CompanyCertificate): string => certificateFacts(of.chain[0]!).fingerprint;
  if (fingerprint(company) === present) return undefined;
  if (before !== undefined && fingerprint(before) === present)
    return (introduction) => endorse(introduction, before);
  if (before === undefined && isSiteCertificate(identity.chain[0]!))
    return (introduction) => endorseFromSite(introduction, keys.signing);
  throw new InstanceError(
    'CERTIFICATE_NOT_INTRODUCED',
    'Cannot change the keys: the certificate is not the one this instance is known by',
    {
      hint:
        before === undefined
          ? 'Where the certificate changes too, give the present one as well: --old-certificate PFX.'
          : 'What was given as --old-certificate is not the one this instance is known by either.',
      details: { present, given: fingerprint(company) },
    },
  );
}
