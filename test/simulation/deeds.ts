import { createHash } from 'node:crypto';
import {
  answerOffer,
  createRelease,
  giveValue,
  setInput,
  told,
  withdrawRelease,
  type Decision,
} from '../../src/commands/index.ts';
import { DeploymentReported } from '../../src/events/index.ts';
import type { Instance } from '../../src/instance/index.ts';
import { readGivenValues, readInputs, readReleases, type ReleaseRow } from '../../src/projections/index.ts';
import { offer } from '../support/instances.ts';
import type { Chance } from './chance.ts';
import type { Machine } from './machine.ts';
import type { Deed } from './story.ts';

/** Stands in every vault of every world, and may stand nowhere else. */
export const canary = 'canary-7f3c19e2-kept-in-the-vault';

/** Does what a person would do at this machine; the hashes of the entries that were made. */
export async function doDeed(machine: Machine, deed: Deed, luck: Chance, number: number): Promise<string[]> {
  const { instance } = machine;
  const links = machine.ends.map(({ link }) => link);
  const record = (decide: (db: Instance['db']) => Decision): string[] =>
    instance.record(decide).map(({ hash }) => hash);
  switch (deed) {
    case 'offer':
      return offerRelease(machine, luck, number);
    case 'withdraw': {
      const own = readReleases(instance.db).filter((row) => row.link === '');
      if (own.length === 0) return [];
      const release = luck.one(own);
      return record(() => withdrawRelease(release, 'it is no good', links));
    }
    case 'value':
      return record((db) => giveOne(db, links, luck, `${number}`));
    case 'values': {
      const count = 2 + luck.below(20);
      return Array.from({ length: count }, (_, at) =>
        record((db) => giveOne(db, links, luck, `${number}.${at} ${'x'.repeat(luck.below(900))}`)),
      ).flat();
    }
    case 'answer': {
      const offers = readReleases(instance.db).filter((row) => row.link !== '' && row.withdrawn === null);
      if (offers.length === 0) return [];
      const intent = {
        answer: luck.one(['accepted', 'refused', 'postponed'] as const),
        reason: `${number}`,
        until: null,
      };
      return record(() => answerOffer(luck.one(offers), intent));
    }
    case 'report': {
      const offers = readReleases(instance.db).filter((row) => row.link !== '');
      if (offers.length === 0) return [];
      return record(() => [reported(luck.one(offers), instance.clock.now(), luck, number)]);
    }
    case 'input':
      return record(
        (db) =>
          setInput(inputOf(db, 'Port'), { ...atAll('Port'), secret: false, value: `${number}` }, []).decision,
      );
    case 'secret':
      return record((db) => {
        const { decision, version } = setInput(
          inputOf(db, 'Password'),
          { ...atAll('Password'), secret: true, value: null },
          [],
        );
        instance.vault.keep({ ...atAll('Password'), version }, canary);
        return decision;
      });
  }
}

const atAll = (name: string) => ({ name, environment: null });

function inputOf(db: Instance['db'], name: string): Parameters<typeof setInput>[0] {
  return readInputs(db).find((row) => row.name === name);
}

function giveOne(db: Instance['db'], links: readonly string[], luck: Chance, value: string): Decision {
  const link = luck.one(links);
  const known = readGivenValues(db, link, true);
  return giveValue(known, { link, name: `Value${luck.below(4)}`, value });
}

/** A release whose process is a blob that really is there: small ones, and such that need several chunks. */
async function offerRelease(machine: Machine, luck: Chance, number: number): Promise<string[]> {
  const { instance } = machine;
  const links = machine.ends.map(({ link }) => link);
  const block = createHash('sha512').update(`${number}`).digest();
  const { digest, sizeBytes } = await instance.blobs.putBytes(
    Buffer.alloc(luck.one([0, 10, 5000, 30_000]), block),
  );
  machine.ownBlobs.add(digest);
  const before = instance.log.lastPosition();
  const { name } = instance.identity;
  instance.record(
    () =>
      createRelease(undefined, {
        process: `Orders of ${name}`,
        number: `1.0.${number}`,
        revision: { number: 1, digest, sizeBytes },
        packages: [],
        needed: [],
        notes: null,
        inputs: [],
        createdAt: new Date(Date.UTC(2026, 5, 1)).toISOString(),
      }).decision,
  );
  const release = readReleases(instance.db, `1.0.${number}`).find((row) => row.link === '');
  if (release !== undefined) offer(instance, release, luck.below(2) === 0 ? links : [luck.one(links)]);
  return instance.log.read({ after: before, limit: 10 }).map(({ hash }) => hash);
}

function reported(release: ReleaseRow, at: number, luck: Chance, number: number) {
  const state = luck.one(['running', 'succeeded', 'failed'] as const);
  return told(
    release.link,
    DeploymentReported.make({
      deployment: `deployment-${luck.below(5)}`,
      process: release.process,
      release: release.number,
      digest: release.digest,
      environment: luck.one(['test', 'production']),
      reason: 'deploy',
      state,
      startedAt: at,
      endedAt: state === 'running' ? null : at,
      failedAt: null,
      error: state === 'failed' ? `for reason ${number}` : null,
      steps: [],
      ordinal: null,
      exitCode: null,
      lastLines: [],
      remark: null,
      log: null,
      struck: [],
    }),
  );
}
