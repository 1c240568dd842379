import { X509Certificate } from 'node:crypto';
import { trustedFingerprints } from '../daemon/index.ts';
import { certificateFacts, openIntroduction } from '../identity/index.ts';
import type { Instance } from '../instance/index.ts';
import { readLinks } from '../projections/index.ts';
import { CliError } from './errors.ts';
import { readGivenText } from './files.ts';

const pemBytesMax = 1024 * 1024;

const fingerprints = (chain: readonly Uint8Array[]): string[] =>
  chain.map((der) => certificateFacts(der).fingerprint);

/** Whose signature this side's own packages must bear: the company certificate and those above it. */
export function ownTrust(instance: Instance): Set<string> {
  const { log, identity } = instance;
  const introductions = [identity.bytes, ...log.introductions(log.feedTo(identity.instanceId))];
  return new Set(introductions.flatMap((introduction) => fingerprints(openIntroduction(introduction).chain)));
}

/** Everybody whose packages may be used here: ourselves and those whose words were compared. */
export function everyTrust(instance: Instance): Set<string> {
  const confirmed = readLinks(instance.db).filter(({ state }) => state === 'confirmed');
  const theirs = confirmed.flatMap(({ link }) => trustedFingerprints(instance, link));
  return new Set([...ownTrust(instance), ...theirs]);
}

/** The certificates of a PEM file. @throws CliError FILE_NOT_READABLE */
export function pemTrust(path: string): Set<string> {
  const blocks = readGivenText(path, 'certificates', pemBytesMax).match(
    /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g,
  );
  try {
    if (blocks === null) throw new Error('there is no certificate in it');
    return new Set(blocks.map((block) => certificateFacts(new X509Certificate(block).raw).fingerprint));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('FILE_NOT_READABLE', `Cannot read certificates ${path}: ${why}`, {
      hint: 'Give a PEM file: -----BEGIN CERTIFICATE----- and what follows.',
      details: { path },
      cause,
    });
  }
}
