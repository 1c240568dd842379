import {
  CommandError,
  howToOpen,
  publishToEach,
  whyNotConfirmed,
  type Receiver,
} from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import { blobsOf } from '../../events/index.ts';
import { chunkListsOf, findLink, releaseOf, type Instance } from '../../instance/index.ts';
import {
  expectedDuration,
  fleetOf,
  prepareFindLink,
  preparePublication,
  readHeldBlobs,
  type ReleaseRow,
} from '../../projections/index.ts';
import { command, flag, neededList, type Outcome } from '../command.ts';
import { closedReasons, gateOf, ownRelease, standingOf } from '../given/own-release.ts';
import { publishedTo } from '../told/release-facts.ts';
import { R } from '../given/release-names.ts';
import { facts, indented, section, table } from '../table.ts';
import { ago, count, moment, size } from '../../words.ts';

export const publishReleaseCommand = command({
  path: 'release publish',
  about: 'Offer a release to other instances, once its publish-when holds',
  example: 'crossgap release publish 1.0.0 --to contoso',
  args: { R },
  options: {
    to: neededList('LINK', 'whom it is offered to'),
    plan: flag('only show what would be sent, and what is in the way'),
  },
  async run(context, { R: named }, { to, plan }): Promise<Outcome> {
    const instance = await context.open();
    const release = ownRelease(instance.db, named, 'publish');
    const names = [...new Set(to)];
    if (plan) return publishPlan(instance, release, names);
    const chunkLists = await chunkListsOf(instance, release.document);
    let offered = 0;
    let asked: readonly Receiver[] = [];
    instance.recordEach(
      (db) => {
        const now = ownRelease(db, named, 'publish');
        asked = receivers(db, now, names);
        const timing = expectedDuration(db, now);
        return publishToEach(gateOf(db, now), standingOf(db, now), asked, chunkLists, timing);
      },
      ({ header }) => void (offered += header.type === 'release.offered' ? 1 : 0),
    );
    const rows = publishedTo(instance, release, asked);
    const called = `${release.process}/${release.number}`;
    return {
      document: { release: called, digest: release.digest, offered, publishedTo: rows },
      text: [
        offered === 0
          ? `Release ${called} was published to ${names.join(', ')} before`
          : `Release ${called} is published: ${count(offered, 'offer')} written`,
        ...indented(table(rows.map(({ customer, state, at }) => [customer, state, moment(at)]))),
        ...asked.filter(({ state }) => state === 'invited').map(({ name }) => readableByAnybody(name)),
      ],
    };
  },
});

function receivers(db: Database, release: ReleaseRow, names: readonly string[]): Receiver[] {
  const publication = preparePublication(db);
  const find = prepareFindLink(db);
  return names.map((name) => {
    const found = find(name);
    // Where there is no such link, it is said which there are.
    const { link, state } = found === undefined || found.state === 'removed' ? findLink(db, name) : found;
    return { link, name, state, has: publication(release.digest, link) !== undefined };
  });
}

/** What it means to publish to whom nobody has met. */
function readableByAnybody(name: string): string {
  return `${name} has not answered the invitation yet: a bundle made for it now will be readable by whoever has the file`;
}

type Running = { environment: string | null; release: string | null; asOf: string | null };

function publishPlan(instance: Instance, release: ReleaseRow, names: readonly string[]): Outcome {
  const { db, clock } = instance;
  const now = clock.now();
  const closed = closedReasons(db, release);
  const rowsOf = fleetOf(db, now);
  const plans = receivers(db, release, names).map((receiver) => {
    const held = readHeldBlobs(db, receiver.link);
    const missing = blobsOf(release.document).filter(({ digest }) => !held.has(digest));
    return {
      customer: receiver.name,
      published: receiver.has,
      runs: rowsOf(receiver)
        .filter(({ process }) => process === release.process)
        .map(({ environment, release: runs, asOf }): Running => ({ environment, release: runs, asOf })),
      sizeBytes: missing.reduce((sum, blob) => sum + blob.sizeBytes, 0),
      open: receiver.state === 'invited',
      inTheWay: receiver.state === 'pending' ? whyNotConfirmed(receiver) : null,
    };
  });
  const reasons = [...closed, ...plans.flatMap(({ inTheWay }) => (inTheWay === null ? [] : [inTheWay]))];
  return {
    document: {
      release: releaseOf(db, release),
      digest: release.digest,
      closedBecause: closed,
      receivers: plans,
    },
    text: [
      `Plan for ${release.process}/${release.number}; nothing is sent`,
      ...plans.flatMap(({ customer, published, runs, sizeBytes, open, inTheWay }) =>
        section(
          customer,
          facts([
            ['published', published ? 'before; nothing would change' : 'not yet'],
            ['runs', runsInWords(runs, now)],
            ['to send', size(sizeBytes)],
            ['mind', open ? readableByAnybody(customer) : null],
            ['in the way', inTheWay],
          ]),
        ),
      ),
      ...section('In the way', reasons),
    ],
    ...(reasons.length > 0 && { failure: closedGate(db, release, reasons) }),
  };
}

function closedGate(db: Database, release: ReleaseRow, reasons: readonly string[]): CommandError {
  const { process, number } = release;
  return new CommandError(
    'GATE_CLOSED',
    `Cannot publish release ${number} of ${process}: ${reasons.join('; ')}`,
    {
      hint: howToOpen(gateOf(db, release), standingOf(db, release)),
      details: { reasons },
    },
  );
}

function runsInWords(runs: readonly Running[], now: number): string {
  if (runs.length === 0) return 'nothing known';
  return runs
    .map(({ environment, release, asOf }) => {
      const age = asOf === null ? '' : `, as of ${ago(asOf, now)}`;
      return `${environment === null ? 'nothing reported yet' : `${environment}: ${release ?? 'nothing'}`}${age}`;
    })
    .join('; ');
}
