import { statSync, type BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Instance } from '../instance/index.ts';
import type { Logger } from '../log.ts';
import { openTrust, verifyPackage, type PackageTrust } from '../packages/index.ts';
import { packageTrust } from './package-trust.ts';
import type { ServablePackage } from './servable-packages.ts';

type Trusted = { readonly on: string; readonly written: string; readonly trust: PackageTrust };
type Verdict = { readonly of: string; readonly isGood: Promise<boolean> };

export type VerifiedFiles = {
  /** Whether what is in the file may be served. */
  readonly verify: (file: FileHandle, each: ServablePackage) => Promise<boolean>;
  /** Whether it was asked for, and did not verify by what packages are judged by today. */
  readonly isKnownBad: (each: ServablePackage) => boolean;
};

/**
 * Tells whether a file is still what was verified, by what packages are judged by today: it is verified when it is first
 * served, and again where the disk says that it was written since or where the trust in those who sign has changed, as
 * by a list of revoked certificates. `stamp` changes with the database.
 */
export function verifiedFiles(instance: Instance, log: Logger, stamp: () => string): VerifiedFiles {
  const trusts = new Map<string, Trusted>();
  const verdicts = new Map<string, Verdict>();
  const bad = new Map<string, string>();

  const trustOf = (link: string): Trusted => {
    const on = stamp();
    const known = trusts.get(link);
    if (known?.on === on) return known;
    const { fingerprints, rules } = packageTrust(instance, link, 'used');
    const trusted = {
      on,
      written: JSON.stringify([fingerprints, rules]),
      trust: openTrust(fingerprints, rules),
    };
    trusts.set(link, trusted);
    return trusted;
  };

  const verify = async ({ id, sha256, verifyAt }: ServablePackage, trust: PackageTrust): Promise<boolean> => {
    const report = await verifyPackage(instance.blobs.path(sha256), {
      trust,
      at: new Date(verifyAt),
      now: new Date(instance.clock.now()),
      limits: instance.packageLimits,
    });
    if (report.ok && report.sha256 === sha256) return true;
    const problems = report.problems.filter(({ severity }) => severity === 'error').map(({ code }) => code);
    log.error(
      { package: id, sha256, found: report.sha256, problems },
      'package not served: it does not verify any more',
    );
    return false;
  };

  return {
    async verify(file, each) {
      const { written, trust } = trustOf(each.link);
      const of = verdictOn(await file.stat({ bigint: true }), each, written);
      const known = verdicts.get(each.sha256);
      const verdict = known?.of === of ? known : { of, isGood: verify(each, trust) };
      verdicts.set(each.sha256, verdict);
      let isGood: boolean;
      try {
        isGood = await verdict.isGood;
      } catch (error) {
        // Too many open files, a disk that did not answer: nothing is known of the package, and the next one asks again.
        if (verdicts.get(each.sha256) === verdict) verdicts.delete(each.sha256);
        throw error;
      }
      if (isGood) bad.delete(each.sha256);
      else bad.set(each.sha256, of);
      return isGood;
    },
    isKnownBad(each) {
      const of = bad.get(each.sha256);
      if (of === undefined) return false;
      const there = statSync(instance.blobs.path(each.sha256), { bigint: true, throwIfNoEntry: false });
      return there !== undefined && verdictOn(there, each, trustOf(each.link).written) === of;
    },
  };
}

/** What a verdict is about: the file as the disk has it, for whom, when and by which trust. */
function verdictOn(file: BigIntStats, { link, verifyAt }: ServablePackage, written: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = file;
  return [dev, ino, size, mtimeNs, ctimeNs, link, verifyAt, written].join(' ');
}
