import { resolve } from 'node:path';
import { statSync } from 'node:fs';
import { accountName } from '../../account.ts';
import { systemClock, type Clock } from '../../clock.ts';
import { recordBrokenRuns } from '../../daemon/index.ts';
import type { FileSite, Maker } from '../../guide/index.ts';
import { dataFolder, type Instance } from '../../instance/index.ts';
import { readLinks, type ReleaseRow } from '../../projections/index.ts';
import type { Lock } from '../../lock.ts';
import { CliError } from '../errors.ts';
import { refuseInPlace, systemReason } from '../given/files.ts';
import { bundleInvitation, invitationOfBundle } from '../links/invitation-file.ts';
import { isBelieved, makerOf, refuseOtherMaker } from './believe.ts';
import { madeForOther, readCarried, sealedElsewhere, type Carried } from './carried.ts';
import { factsHere } from './facts-here.ts';
import { confirmHere, pairHere } from './pair-here.ts';
import { releaseCarried, toldRelease } from './release-here.ts';
import { lastRemark, previewResult, writeResult } from './result.ts';
import { refuseOlder, runWork } from './run-work.ts';
import { holdSite, isSiteFolder, refuseUnfitFolder } from './site-folder.ts';
import { instanceHere, makeSiteInstance, newSiteName } from './site-instance.ts';
import { takeBundlesIn } from './take-in.ts';
import { worksHere, type Here } from './works-here.ts';

export type SiteOptions = {
  /** The installer, the runner, or a bundle: a file, or a folder of its parts. */
  readonly file: string;
  /** The data folder. */
  readonly data: string;
  /** Where the bundle lies, for a runner; beside it where nothing is said. */
  readonly bundle?: string | undefined;
  /** What this site is called, where it is made now; as the maker calls it where nothing is said. */
  readonly name?: string | undefined;
  /** A certificate file that the security officer pinned: the maker is believed by it. */
  readonly trust?: string | undefined;
  readonly clock?: Clock | undefined;
  /** Aborts when a person wants to end. */
  readonly signal: AbortSignal;
};

/**
 * The machine this runs on as a site: an ordinary instance, which is made when something is taken in for the first time.
 *
 * @throws CliError FILE_NOT_READABLE, SITE_HELD; InstanceError DATA_FOLDER_TAKEN, DATA_FOLDER_NOT_WRITABLE, and what
 * opening an instance finds wrong
 */
export async function openSite(options: SiteOptions): Promise<FileSite> {
  const { signal, name, trust, clock = systemClock } = options;
  const file = resolve(options.file);
  const sizeBytes = sizeOf(file);
  const places = dataFolder(options.data);
  const account = accountName();
  refuseUnfitFolder(places);
  let lock: Lock | undefined = isSiteFolder(places) ? holdSite(places, account) : undefined;
  let instance: Instance | undefined;
  try {
    instance = await instanceHere(places, name, clock);
  } catch (error) {
    lock?.release();
    throw error;
  }
  let carried: Carried | undefined;
  /** Whether the maker was believed here before, and whether a person said now that it is to be. */
  let isKnown = false;
  let isProven = false;
  let taken: ReleaseRow | undefined;

  const verified = (): Carried => {
    if (carried !== undefined) return carried;
    throw new TypeError('what was carried here is looked at before it was verified');
  };
  const here = (): Here => {
    if (instance !== undefined && taken !== undefined) return { instance, release: taken };
    throw new TypeError('the release is asked about before it was taken in');
  };

  return {
    facts: {
      ...factsHere(places),
      carried: { path: file, sizeBytes },
    },
    async verify(tell): Promise<Maker> {
      const found = await readCarried({ file, bundle: options.bundle, instance }, { tell, signal });
      // What is not for this site is told before a person is asked anything.
      if (instance === undefined || !isLinked(instance, found)) {
        if (invitationOfBundle(found.newest) === undefined) throw sealedElsewhere(found.newest, places.root);
        const other = instance && linkTo(instance, found);
        if (other !== undefined) throw madeForOther(found.newest, { name: other, folder: places.root });
      }
      carried = found;
      isKnown = instance !== undefined && (await isBelieved(instance, found));
      if (trust !== undefined) {
        refuseOtherMaker(carried, { certificateFile: trust });
        isProven = true;
      }
      const { certificate, name: calls } = makerOf(carried);
      const { words, fingerprint } = carried.newest.sender;
      const { facts } = carried.newest;
      const site = instance?.identity.name ?? newSiteName(name, facts);
      return {
        name: calls,
        company: certificate.subject,
        words,
        fingerprint,
        believed: isKnown || isProven,
        madeAt: facts.sentAt,
        site: { name: site, isNew: instance === undefined },
      };
    },
    async believe(proof) {
      refuseOtherMaker(verified(), proof);
      isProven = true;
    },
    async takeIn(tell) {
      const at = verified();
      const { facts, sender } = at.newest;
      if (!isKnown && !isProven) throw notBelieved(facts.from.name);
      lock ??= holdSite(places, account);
      instance ??= await makeSiteInstance(places, newSiteName(name, facts), clock);
      const invitation = bundleInvitation(instance, at.newest);
      if (isLinked(instance, at)) confirmHere(instance, facts.link, sender.fingerprint);
      else if (invitation !== undefined) pairHere(instance, invitation);
      await recordBrokenRuns(instance, signal);
      await takeBundlesIn(instance, at, { signal, tell });
      taken = releaseCarried(instance, at);
      return await toldRelease(instance, taken);
    },
    ...worksHere(here, signal),
    async run(work, hooks) {
      const at = here();
      if (work.kind === 'install') refuseOlder(at.instance, at.release, work.environment);
      return await runWork(at.instance, at.release, { work, hooks });
    },
    async lastRemark(environment, deployment) {
      const at = here();
      return lastRemark(at.instance, at.release, { environment, deployment });
    },
    async previewResult(wish) {
      const at = here();
      return previewResult(at.instance, at.release, wish);
    },
    async writeResult(wish, out) {
      const at = here();
      // In a folder it gets a name of its own.
      if (statSync(out, { throwIfNoEntry: false })?.isFile() === true)
        refuseInPlace(out, options.bundle === undefined ? [file] : [file, options.bundle]);
      return await writeResult(at.instance, at.release, { wish, out });
    },
    async [Symbol.asyncDispose]() {
      try {
        instance?.close();
      } finally {
        lock?.release();
      }
    },
  };
}

/** Whether this site has the link that something came by. */
function isLinked({ db }: Instance, { newest: { facts } }: Carried): boolean {
  return readLinks(db).some(({ link, state }) => link === facts.link && state !== 'removed');
}

/** What this site calls the maker, where it is paired with it by another link than the one that something came by. */
function linkTo({ db }: Instance, { newest: { facts } }: Carried): string | undefined {
  return readLinks(db).find(({ peer, state }) => peer === facts.from.instance && state !== 'removed')?.name;
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (cause) {
    throw new CliError('FILE_NOT_READABLE', `Cannot read ${file}: ${systemReason(cause)}`, {
      hint: 'Look whether the name is right and the medium is plugged in.',
      details: { path: file },
      cause,
    });
  }
}

function notBelieved(maker: string): CliError {
  return new CliError(
    'MAKER_NOT_BELIEVED',
    `Cannot take in what ${maker} made: nobody has compared its words yet`,
    {
      hint: 'Ask for the six words by phone and give them with --fingerprint, or a pinned certificate with --trust.',
      details: { maker },
    },
  );
}
