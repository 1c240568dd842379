import { fingerprintWords, type CompanyCertificate } from '../../identity/index.ts';
import { revokeKeys, rotateKeys, type ChangedKeys, type Instance } from '../../instance/index.ts';
import { count, moment } from '../../words.ts';
import { command, misuse, needed, text, type Context, type Outcome } from '../command.ts';
import { givenCompany } from '../given/company.ts';
import { facts } from '../table.ts';

const certificates = {
  certificate: needed('FILE', 'the company certificate with its private key, PFX or PEM; not kept'),
  key: text('PEM', 'the private key, where it is not in the file of the certificate'),
  'password-file': text('FILE', 'file with its password (else asked for, else none)'),
  'old-certificate': text(
    'FILE',
    'the present company certificate, where --certificate is a new one; PFX or PEM',
  ),
  'old-key': text('PEM', 'the private key of that, where it is not in its file'),
  'old-password-file': text('FILE', 'file with the password of that'),
};

const show = command({
  path: 'identity show',
  about: 'Who this instance is: its id, its certificate, since when it has its keys',
  example: 'crossgap identity show',
  args: {},
  options: {},
  async run(context): Promise<Outcome> {
    const { identity, keys } = await context.open();
    const { certificate } = identity;
    const document = {
      name: identity.name,
      instanceId: identity.instanceId,
      keysSince: new Date(identity.issuedAt).toISOString(),
      signingKey: hex(identity.signingKey),
      sealingKey: hex(identity.sealingKey),
      earlierSealingKeys: keys.earlierSealing.map(({ publicKey }) => hex(publicKey)),
      words: identity.words,
      fingerprint: certificate.fingerprint,
      certificate: {
        subject: certificate.subject,
        notBefore: new Date(certificate.notBefore).toISOString(),
        notAfter: new Date(certificate.notAfter).toISOString(),
      },
    };
    return {
      document,
      text: [
        document.name,
        ...facts([
          ['instance', document.instanceId],
          ['keys since', moment(document.keysSince)],
          ['certificate', `${certificate.subject}, SHA-256 ${certificate.fingerprint}`],
          ['valid until', moment(document.certificate.notAfter)],
          ['fingerprint words', document.words],
        ]),
      ],
    };
  },
});

const rotate = command({
  path: 'identity rotate',
  about: 'New keys, introduced by the company certificate and announced under the old ones',
  example: 'crossgap identity rotate --certificate acme.pfx',
  args: {},
  options: certificates,
  async run(context, _args, options): Promise<Outcome> {
    const instance = await context.open();
    const changed = rotateKeys(instance, await companyOf(context, options));
    return outcome(changed, [
      `${count(changed.feeds.length, 'feed')} of ours went on with a new key; what the old one signed stays good`,
    ]);
  },
});

const revoke = command({
  path: 'identity revoke',
  about: 'Replace a key that is in wrong hands: what it signed from a point on is void, everywhere',
  example:
    'crossgap identity revoke --from 2026-11-20T18:00:00Z --reason "laptop stolen" --certificate acme.pfx',
  args: {},
  options: {
    from: needed('POINT', 'the first that is not to be believed: a time, a position of `log show`, or `now`'),
    reason: needed('TEXT', 'why; everybody who holds a feed of ours will read it'),
    ...certificates,
  },
  async run(context, _args, options): Promise<Outcome> {
    const instance = await context.open();
    const from = positionOf(instance, options.from);
    const voided = instance.log.lastPosition() - from + 1;
    const identity = await companyOf(context, options);
    const changed = revokeKeys(instance, identity, { from, reason: options.reason });
    const { lost } = changed;
    return outcome({ ...changed, from }, [
      `${count(changed.feeds.length, 'feed')} of ours went on with a new key; what the old one signed from position ${from} on is void${voided > 0 ? '' : ': nothing of what is here'}`,
      ...(lost.length === 0
        ? []
        : [`${count(lost.length, 'feed')} began behind that point: pair those links again`]),
    ]);
  },
});

export const identityCommands = [show, rotate, revoke];

function outcome(changed: ChangedKeys & { readonly from?: number }, lines: readonly string[]): Outcome {
  const { introduction, ...rest } = changed;
  const { certificate } = introduction;
  const words = fingerprintWords(introduction.chain[0]!);
  return {
    document: {
      ...rest,
      instanceId: introduction.instanceId,
      keysSince: new Date(introduction.issuedAt).toISOString(),
      signingKey: hex(introduction.signingKey),
      fingerprint: certificate.fingerprint,
      words,
    },
    text: [
      ...lines,
      ...facts([
        ['certificate', `${certificate.subject}, SHA-256 ${certificate.fingerprint}`],
        ['fingerprint words', words],
      ]),
    ],
  };
}

type CertificateOptions = {
  readonly certificate: string;
  readonly key: string | undefined;
  readonly 'password-file': string | undefined;
  readonly 'old-certificate': string | undefined;
  readonly 'old-key': string | undefined;
  readonly 'old-password-file': string | undefined;
};

async function companyOf(
  context: Context,
  options: CertificateOptions,
): Promise<{ company: CompanyCertificate; before: CompanyCertificate | undefined }> {
  const { certificate, key, 'old-certificate': old, 'old-key': oldKey } = options;
  if (old === undefined && oldKey !== undefined)
    throw misuse(
      'Cannot change keys: --old-key is for the certificate that --old-certificate names',
      'Give both, or leave --old-key out.',
    );
  const company = await givenCompany(context, { certificate, key, passwordFile: options['password-file'] });
  if (old === undefined) return { company, before: undefined };
  const passwordFile = options['old-password-file'];
  return { company, before: await givenCompany(context, { certificate: old, key: oldKey, passwordFile }) };
}

/** The position of the first entry of ours that is not to be believed; behind the last one where there is none. */
function positionOf({ log, identity }: Instance, point: string): number {
  const behind = log.lastPosition() + 1;
  if (point === 'now') return behind;
  if (/^\d{1,15}$/.test(point)) return Number(point);
  const time = /^\d{4}-\d\d-\d\d/.test(point) ? Date.parse(point) : Number.NaN;
  if (Number.isNaN(time))
    throw misuse(
      `Cannot revoke the key from ${point} on: that is no time, no position and not "now"`,
      'Write, for example, 2026-11-20T18:00:00Z, or the number before the entry in `crossgap log show`.',
    );
  const own = new Set(
    log.feeds().flatMap((feed) => (feed.author === identity.instanceId ? [feed.feed] : [])),
  );
  for (const page of log.pages({ after: 0 })) {
    const first = page.find(({ header }) => own.has(header.feed) && header.at >= time);
    if (first !== undefined) return first.pos;
  }
  return behind;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
