import {
  bytesOf,
  dropParts,
  partiesMeant,
  quotaBytesDefault,
  readAllowances,
  relayedBundles,
  setAllowance,
  usedBytes,
  waitingFor,
  type RelayedBundle,
} from '../../bundles/index.ts';
import { ago, count, size } from '../../words.ts';
import { holdBundles } from '../bundles/bundle-lock.ts';
import { bytesNamed, numberNamed } from '../given/byte-size.ts';
import { command, misuse, needed, text, type Outcome } from '../command.ts';
import { section, table } from '../table.ts';
import { hopLine, hopOf } from '../bundles/relay-hops.ts';
import { relayOf } from '../bundles/relay-end.ts';
import { partyNamed } from '../bundles/relay-export.ts';

const whom = 'words, instance id or name of a sender or receiver';

const allow = command({
  path: 'bundle relay allow',
  about: 'Store bundles between others that this side can not open',
  example: 'crossgap bundle relay allow --for bankair-plant --quota 50GB',
  args: {},
  options: {
    for: needed('WHO', whom),
    quota: text('SIZE', 'how much of theirs may lie here (else 50GB)'),
  },
  async run(context, _args, { for: who, quota }): Promise<Outcome> {
    const instance = await context.open();
    using _held = holdBundles(instance, 'import');
    const quotaBytes = quota === undefined ? quotaBytesDefault : bytesNamed(quota, '--quota');
    const changed = setAllowance(relayOf(instance).root, who, quotaBytes);
    return {
      document: { for: who, quotaBytes, changed },
      text: `Bundles from and for ${who} are stored and passed on here, up to ${size(quotaBytes)}${changed ? '' : ', as before'}`,
    };
  },
});

const forbid = command({
  path: 'bundle relay forbid',
  about: 'Take in no more bundles for them; what is here stays',
  example: 'crossgap bundle relay forbid --for bankair-plant',
  args: {},
  options: { for: needed('WHO', 'as it was allowed') },
  async run(context, _args, { for: who }): Promise<Outcome> {
    const instance = await context.open();
    using _held = holdBundles(instance, 'import');
    const changed = setAllowance(relayOf(instance).root, who, undefined);
    return {
      document: { for: who, changed },
      text: `Bundles from and for ${who} are ${changed ? 'no longer taken in' : 'not taken in, as before'}`,
    };
  },
});

const listAll = command({
  path: 'bundle relay list',
  about: 'Whose bundles are relayed, and what lies here',
  example: 'crossgap bundle relay list',
  args: {},
  options: {},
  async run(context): Promise<Outcome> {
    const instance = await context.open();
    const relay = relayOf(instance);
    const allowed = readAllowances(relay.root).map((one) => ({ ...one, usedBytes: usedBytes(relay, one) }));
    const bundles = relayedBundles(relay);
    const now = instance.clock.now();
    const rows = bundles.map((one) => [
      String(one.facts.number),
      one.facts.from.name,
      one.facts.to.name,
      one.arrivedAt === null ? `${one.parts.length} of ${one.facts.parts}` : '-',
      size(bytesOf(one.parts)),
      ago(one.takenAt, now),
      stateOf(one, now),
    ]);
    const permissions = allowed.map(({ for: who, usedBytes: used, quotaBytes }) => [
      who,
      `${size(used)} of ${size(quotaBytes)}`,
    ]);
    return {
      document: { allowed, bundles: bundles.map((one) => documentOf(one)) },
      text: [
        ...(permissions.length === 0
          ? ['Nothing is relayed here; allow it with `crossgap bundle relay allow --for WHO`']
          : table([['FOR', 'USED'], ...permissions])),
        ...section(
          'Bundles',
          rows.length === 0
            ? []
            : table([['BUNDLE', 'FROM', 'FOR', 'PARTS', 'SIZE', 'CAME', 'STATE'], ...rows]),
        ),
        ...section(
          'Hops',
          bundles.flatMap(({ facts }) =>
            relay.shelf
              .of(facts)
              .map((note) => `${facts.number} from ${facts.from.name} ${hopLine(hopOf(note, facts), now)}`),
          ),
        ),
      ],
    };
  },
});

function stateOf({ arrivedAt, passedAt, parts }: RelayedBundle, now: number): string {
  if (arrivedAt !== null) return `arrived ${ago(arrivedAt, now)}`;
  if (parts.length === 0) return 'dropped';
  return passedAt === null ? 'waits' : `passed on ${ago(passedAt, now)}`;
}

function documentOf(one: RelayedBundle): Record<string, unknown> {
  const { facts, senderWords, takenAt, passedAt, arrivedAt, parts } = one;
  return {
    bundle: facts.number,
    id: facts.id,
    from: facts.from.name,
    to: facts.to.name,
    words: { from: senderWords, to: facts.to.words },
    parts: parts.map(({ part, sha256, sizeBytes }) => ({ part, sha256, size: sizeBytes })),
    of: facts.parts,
    takenAt,
    passedAt,
    arrivedAt,
  };
}

const drop = command({
  path: 'bundle relay drop',
  about: 'Let go of what lies here for a receiver; it can be brought again',
  example: 'crossgap bundle relay drop --to bankair-plant --bundle 58',
  args: {},
  options: {
    to: needed('WHO', whom),
    bundle: text('N', 'only the bundle of this number'),
  },
  async run(context, _args, { to, bundle }): Promise<Outcome> {
    const instance = await context.open();
    const relay = relayOf(instance);
    const number = bundle === undefined ? undefined : numberNamed(bundle, '--bundle');
    using _import = holdBundles(instance, 'import');
    using _export = holdBundles(instance, 'export');
    const party = partyNamed(partiesMeant(relay, to), to);
    if (party === undefined)
      throw misuse(
        `Cannot drop bundles for ${to}: none ever came here for that name`,
        'See `crossgap bundle relay list`.',
      );
    const gone = waitingFor(relay, party.instance).filter(
      ({ facts }) => number === undefined || facts.number === number,
    );
    for (const record of gone) dropParts(relay, record, null);
    return {
      document: { to: party.name, dropped: gone.map(({ facts }) => facts.number) },
      text: `${count(gone.length, 'bundle')} for ${party.name} let go`,
    };
  },
});

export const relayCommands = [allow, listAll, forbid, drop];
