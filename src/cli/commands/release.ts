import { judgeRelease, withdrawRelease } from '../../commands/index.ts';
import { findRelease, releaseOf } from '../../instance/index.ts';
import { readLinks, readPublications } from '../../projections/index.ts';
import { command, flag, misuse, needed, text, type Outcome } from '../command.ts';
import { ownRelease } from '../given/own-release.ts';
import { releaseDiff } from '../told/release-diff.ts';
import { describeRelease, publishedTo, releaseDocument } from '../told/release-facts.ts';
import { listReleases } from '../told/release-list.ts';
import { R } from '../given/release-names.ts';
import { facts } from '../table.ts';
import { createReleaseCommand } from './release-create.ts';
import { publishReleaseCommand } from './release-publish.ts';
import { scriptCommands } from './release-scripts.ts';

const show = command({
  path: 'release show',
  about: 'A release: what it is made of, how it stands, where it went; without R all of them',
  example: 'crossgap release show Orders/1.0.0',
  aliases: ['list'],
  args: { R: text('R', `${R.about}; without it, all releases`) },
  options: {},
  async run(context, { R: named }): Promise<Outcome> {
    const instance = await context.open();
    if (named === undefined) return listReleases(instance, context.terminal.columns);
    const release = findRelease(instance.db, named);
    return { document: releaseDocument(instance, release), text: describeRelease(instance, release) };
  },
});

const diff = command({
  path: 'release diff',
  about: 'What differs between two releases: packages, process, inputs, notes',
  example: 'crossgap release diff 1.0.0 1.1.0',
  args: { A: R, B: R },
  options: {},
  async run(context, { A, B }): Promise<Outcome> {
    const instance = await context.open();
    return releaseDiff(instance, findRelease(instance.db, A), findRelease(instance.db, B));
  },
});

const verdict = command({
  path: 'release verdict',
  about: "A person's word on exactly this release; the newest one counts",
  example: 'crossgap release verdict 1.0.0 --ok --note "all cases of the test plan passed"',
  args: { R },
  options: {
    ok: flag('it is good'),
    'not-ok': flag('it is not; it can not be published'),
    note: text('TEXT', 'why'),
  },
  async run(context, { R: named }, { ok, 'not-ok': notOk, note = null }): Promise<Outcome> {
    if (ok === notOk)
      throw misuse('Cannot give a verdict: it is neither --ok nor --not-ok', 'Say one of the two.');
    const instance = await context.open();
    const entries = instance.record((db) => {
      const judged = ownRelease(db, named, 'judge');
      return judgeRelease(judged.verdict, { digest: judged.digest, ok, note });
    });
    const release = ownRelease(instance.db, named, 'judge');
    const called = releaseOf(instance.db, release);
    return {
      document: {
        release: called,
        digest: release.digest,
        verdict: release.verdict,
        changed: entries.length > 0,
      },
      text: [
        `Verdict on ${called}: ${ok ? 'ok' : 'not ok'}, by ${release.verdict?.by ?? instance.actor}`,
        ...facts([
          ['digest', release.digest],
          ['note', note],
        ]),
      ],
    };
  },
});

const withdraw = command({
  path: 'release withdraw',
  about: 'Nobody is to deploy this release again, here or at those it was published to',
  example: 'crossgap release withdraw 1.0.0 --reason "data loss on upgrade"',
  args: { R },
  options: { reason: needed('TEXT', 'why; told to everybody who was offered it') },
  async run(context, { R: named }, { reason }): Promise<Outcome> {
    if (reason.trim() === '')
      throw misuse('Cannot withdraw: no reason was given', 'Say why with --reason TEXT.');
    const instance = await context.open();
    const entries = instance.record((db) => {
      const known = ownRelease(db, named, 'withdraw');
      const living = readLinks(db).filter(({ state }) => state !== 'removed');
      const links = new Set(living.map(({ link }) => link));
      const told = readPublications(db).filter(
        ({ digest, link }) => digest === known.digest && links.has(link),
      );
      return withdrawRelease(
        known,
        reason,
        told.map(({ link }) => link),
      );
    });
    const release = ownRelease(instance.db, named, 'withdraw');
    const living = new Set(
      readLinks(instance.db).flatMap((one) => (one.state === 'removed' ? [] : [one.name])),
    );
    const told = publishedTo(instance, release)
      .map(({ customer }) => customer)
      .filter((customer) => living.has(customer));
    return {
      document: {
        release: releaseOf(instance.db, release),
        digest: release.digest,
        withdrawn: release.withdrawn,
        toldTo: told,
        changed: entries.length > 0,
      },
      text: [
        `Release ${release.process}/${release.number} is withdrawn: ${release.withdrawn ?? reason}`,
        ...(told.length === 0 ? [] : [`Told to ${told.join(', ')} as soon as they are reached`]),
      ],
    };
  },
});

export const releaseCommands = [
  createReleaseCommand,
  show,
  diff,
  verdict,
  publishReleaseCommand,
  withdraw,
  ...scriptCommands,
];
