import { recordBrokenRuns } from '../../daemon/index.ts';
import type { InstanceSite } from '../../guide/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readReleases, type ReleaseRow } from '../../projections/index.ts';
import { lookAtDaemon } from './daemon-here.ts';
import { factsHere } from './facts-here.ts';
import { toldRelease } from './release-here.ts';
import { worksHere, type Here } from './works-here.ts';

/**
 * An instance that has the release already, as a guide sees it. Where a daemon is at work there, it does what is asked
 * and is followed; else it is done here. The instance is its caller's to close.
 */
export function instanceSite(
  instance: Instance,
  { link, digest, number }: Pick<ReleaseRow, 'link' | 'digest' | 'number'>,
  signal: AbortSignal,
): InstanceSite {
  // A daemon takes in what its author says of it while a person reads pages.
  const here = (): Here => {
    const release = readReleases(instance.db, number).find(
      (row) => row.link === link && row.digest === digest,
    );
    if (release === undefined) throw new TypeError(`release ${digest} is not there`);
    return { instance, release };
  };
  const works = worksHere(here, signal);
  return {
    ...works,
    facts: { ...factsHere(instance.folder), carried: null },
    async release() {
      await recordBrokenRuns(instance, signal);
      return await toldRelease(instance, here().release);
    },
    async check(environment, values, look) {
      return [...(await works.check(environment, values, look)), lookAtDaemon(instance)];
    },
    async [Symbol.asyncDispose]() {},
  };
}
