import { feedViews } from '../../daemon/index.ts';
import { readLinks, rebuildReadModels } from '../../projections/index.ts';
import { findLink } from '../../instance/index.ts';
import { command, flag, later, list, needed, type Outcome } from '../command.ts';
import { CliError } from '../errors.ts';
import { section, table } from '../table.ts';
import { count } from '../../words.ts';
import { allowEpoch } from './log-allow-epoch.ts';
import { showLog } from './log-show.ts';

const verify = command({
  path: 'log verify',
  about: 'Verify the history offline: every hash, chain and signature; heads to compare with the other side',
  example: 'crossgap log verify --full',
  args: {},
  options: { full: flag('from the first entry on, trusting nothing that was verified before') },
  async run(context, _args, { full }): Promise<Outcome> {
    const instance = await context.open();
    const report = await instance.log.verify({ full });
    const own = instance.identity.name;
    const views = new Map(feedViews(instance).map((view) => [view.feed, view]));
    const feeds = report.feeds.map((feed) => {
      const { author = feed.author, audience = '' } = views.get(feed.feed) ?? {};
      // What a link's other side writes is written for us: so named, both sides print the same line.
      const isInward = audience !== 'self' && feed.author !== instance.identity.instanceId;
      return { ...feed, authorName: author, audience: isInward ? own : audience };
    });
    const { firstBad } = report;
    const where =
      firstBad && `entry ${firstBad.seq} of feed ${firstBad.feed || '(unknown)'}, position ${firstBad.pos}`;
    return {
      document: { ...report, feeds },
      text: [
        where === undefined
          ? `The whole history is good: ${count(report.entries, 'entry', 'entries')} in ${count(feeds.length, 'feed')}, ${report.verified} verified now`
          : `The history is NOT good; the first bad one is ${where}`,
        ...section(
          'Heads of the shared feeds; the other side prints the same where it holds as many entries',
          headRows(feeds.filter(({ audience }) => audience !== 'self')),
        ),
        ...section('Head of our own feed', headRows(feeds.filter(({ audience }) => audience === 'self'))),
      ],
      ...(firstBad !== undefined && {
        failure: new CliError(
          'LOG_BROKEN',
          `Cannot vouch for the log: ${where}: ${firstBad.message} (${firstBad.code})`,
          {
            hint: 'Keep a copy of the data folder, restore the last backup, and let the peers give back what is missing.',
            details: { ...firstBad },
          },
        ),
      }),
    };
  },
});

const rebuild = command({
  path: 'log rebuild',
  about: 'Empty every view and make it again from the log; the same content proves that it follows from it',
  example: 'crossgap log rebuild',
  args: {},
  options: {},
  async run(context): Promise<Outcome> {
    const { db, identity, log } = await context.open();
    const { changed, entries } = rebuildReadModels(db, identity.instanceId, log.history());
    const ok = changed.length === 0;
    return {
      document: { ok, entries, changed },
      text: `${count(entries, 'entry', 'entries')} folded again; ${ok ? 'every view has the content it had' : `changed: ${changed.join(', ')}`}`,
      ...(!ok && {
        failure: new CliError(
          'READ_MODELS_DIFFERED',
          `Cannot call the views good: before the rebuild ${changed.join(', ')} did not follow from the log`,
          {
            hint: 'They do now. Somebody changed the database with another tool, or an older version folded it differently: please report it.',
            details: { changed },
          },
        ),
      }),
    };
  },
});

const confirm = command({
  path: 'log confirm',
  about: 'Vouch that this database is the newest there is, where the file `head` is missing or damaged',
  example: 'crossgap log confirm',
  args: {},
  options: {},
  async run(context): Promise<Outcome> {
    const { log } = await context.open();
    log.confirmHead();
    return {
      document: { state: log.standing().state },
      text: 'The database counts as the newest; it may sign again',
    };
  },
});

const newEpoch = command({
  path: 'log new-epoch',
  about: 'Give up entries that nobody can give back after a restore, and let the own feeds go on',
  example: 'crossgap log new-epoch --reason "disk lost, restored from the backup of Sunday"',
  args: {},
  options: {
    reason: needed('TEXT', 'why; everybody who holds a feed of ours will read it'),
    link: list(
      'NAME',
      'also for this link: the other side froze our feed, though nothing is wrong with it here; what it has not receipted is given up',
    ),
  },
  async run(context, _args, { reason, link: asked }): Promise<Outcome> {
    const { db, log, actor, identity } = await context.open();
    const feeds = new Map(
      asked.map((name) => {
        const { link, confirmed } = findLink(db, name);
        return [log.feedTo(link), confirmed] as const;
      }),
    );
    const { started, lost, stuck } = log.startEpoch({ reason, actor, introduction: identity.bytes, feeds });
    const links = new Map(readLinks(db).map(({ link, name }) => [log.feedTo(link), name]));
    const named = (feed: string): string => links.get(feed) ?? feed;
    return {
      document: {
        started,
        lost,
        stuck: stuck.map(({ feed, error: { code, message, hint } }) => ({ feed, code, message, hint })),
      },
      text: [
        `${count(started.length, 'feed')} of ours went on with a new epoch`,
        ...lost.map(
          (feed) =>
            `nothing of our feed to ${named(feed)} is here: it stands still until they give it back (crossgap run on both sides); if they never got anything, pair again`,
        ),
        ...stuck.map(({ feed, error }) => `our feed to ${named(feed)}: ${error.message}. ${error.hint}`),
      ].join('\n'),
    };
  },
});

export const logCommands = [
  showLog,
  verify,
  rebuild,
  confirm,
  newEpoch,
  allowEpoch,
  later('log at', 'What ran and who decided, at a time'),
];

type NamedFeed = { authorName: string; audience: string; epoch: number; seq: number; head: string };

function headRows(feeds: readonly NamedFeed[]): string[] {
  return table(
    feeds.map(({ authorName, audience, epoch, seq, head }) => [
      `${authorName} → ${audience}`,
      `epoch ${epoch}`,
      count(seq, 'entry', 'entries'),
      head,
    ]),
  );
}
