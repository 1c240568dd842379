/**
 * The `trustedSigners` of a `nuget.config` as entries of the trust list:
 *
 *     <trustedSigners>
 *       <author name="…"><certificate fingerprint="HEX" hashAlgorithm="SHA256" allowUntrustedRoot="true" /></author>
 *       <repository name="…" serviceIndex="https://…"><certificate … /><owners>a;b</owners></repository>
 *     </trustedSigners>
 *
 * Each stands for that one certificate. A repository vouches, as it does for NuGet's client: what it countersigned is
 * believed, where its owners fit.
 */
import type { TrustEntry } from '../../commands/index.ts';
import { decodeText, readXml, type XmlElement } from '../../config-files/index.ts';

/** What could be read, and what is to be said of it by NuGet's numbers; an entry with an `error` is not among them. */
export type TrustedSigners = {
  readonly entries: readonly TrustEntry[];
  readonly problems: readonly {
    readonly code: string;
    readonly severity: 'error' | 'warning';
    readonly message: string;
  }[];
};

type Problems = TrustedSigners['problems'][number][];

const digits: Readonly<Record<string, number>> = { SHA256: 64, SHA384: 96, SHA512: 128 };

/** Errors: those of reading XML (`ConfigFileError`). */
export function trustedSigners(bytes: Uint8Array): TrustedSigners {
  const { root } = readXml(decodeText(Buffer.from(bytes)).text);
  const problems: Problems = [];
  const signers = childrenOf(root, 'trustedSigners').flatMap((list) => [
    ...childrenOf(list, 'author').map((element) => ({ element, purpose: 'signer' as const })),
    ...childrenOf(list, 'repository').map((element) => ({ element, purpose: 'repository' as const })),
  ]);
  const entries = signers.flatMap(({ element, purpose }) => entriesOf(element, purpose, problems));
  if (entries.length === 0 && isRequired(root)) {
    const message = 'signatures are required there and no signer is named: NuGet refuses every package so';
    problems.push({ code: 'NU3034', severity: 'warning', message });
  }
  return { entries: strictest(entries, problems), problems };
}

function entriesOf(element: XmlElement, purpose: 'signer' | 'repository', problems: Problems): TrustEntry[] {
  const name = valueOf(element, 'name') ?? null;
  const owners = childrenOf(element, 'owners')
    .flatMap((each) => textOf(each).split(';'))
    .map((owner) => owner.trim())
    .filter((owner) => owner !== '');
  return childrenOf(element, 'certificate').flatMap((certificate) => {
    const fingerprint = (valueOf(certificate, 'fingerprint') ?? '').toLowerCase();
    const hash = (valueOf(certificate, 'hashAlgorithm') ?? '').toUpperCase().replace('-', '');
    if (digits[hash] !== fingerprint.length || !/^[0-9a-f]+$/.test(fingerprint)) {
      const message = `${name ?? 'a signer'} is named by a fingerprint that is not SHA-256, SHA-384 or SHA-512: ${fingerprint || 'none'}`;
      problems.push({ code: 'NU3043', severity: 'error', message });
      return [];
    }
    return [
      {
        fingerprint,
        purpose,
        link: null,
        certificate: null,
        issues: false,
        rootNeeded: (valueOf(certificate, 'allowUntrustedRoot') ?? '').toLowerCase() !== 'true',
        vouches: purpose === 'repository',
        name,
        serviceIndex: purpose === 'repository' ? (valueOf(element, 'serviceIndex') ?? null) : null,
        owners: purpose === 'repository' ? owners : [],
        note: null,
      },
    ];
  });
}

/** Of one certificate that is there twice for the same the one that asks for more counts. */
function strictest(entries: readonly TrustEntry[], problems: Problems): TrustEntry[] {
  const groups = Map.groupBy(entries, ({ fingerprint, purpose }) => `${purpose} ${fingerprint}`);
  return [...groups.values()].map((same) => {
    const rootNeeded = same.some((entry) => entry.rootNeeded);
    if (same.some((entry) => entry.rootNeeded !== rootNeeded)) {
      const message = `${same[0]!.fingerprint} is there with allowUntrustedRoot and without: the stricter one counts`;
      problems.push({ code: 'NU3040', severity: 'warning', message });
    }
    const owners = same.some((entry) => entry.owners.length === 0)
      ? []
      : same.flatMap((entry) => entry.owners);
    return { ...same[0]!, rootNeeded, owners: [...new Set(owners)] };
  });
}

const isRequired = (root: XmlElement): boolean =>
  childrenOf(root, 'config')
    .flatMap((config) => childrenOf(config, 'add'))
    .some((add) => valueOf(add, 'key') === 'signatureValidationMode' && valueOf(add, 'value') === 'require');

const childrenOf = ({ children }: XmlElement, name: string): XmlElement[] =>
  children.filter((node) => node.kind === 'element').filter(({ localName }) => localName === name);

const textOf = ({ children }: XmlElement): string =>
  children.map((node) => (node.kind === 'text' || node.kind === 'cdata' ? node.value : '')).join('');

const valueOf = ({ attributes }: XmlElement, name: string): string | undefined =>
  attributes.find((attribute) => attribute.localName === name)?.value;
