import { findLink, type Instance } from '../../instance/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';
import { command, flag, needed, text, type Outcome } from '../command.ts';
import { entryDocument, entryLine, entrySummary, feedsNamed } from '../told/entries.ts';
import { moment } from '../../words.ts';

const lookEveryMs = 250;

export const showLog = command({
  path: 'log show',
  about: 'The entries of the log, oldest first; one JSON document a line with --json',
  example: 'crossgap log show --feed contoso --follow',
  args: {},
  options: {
    feed: text('F', '`self`, the name of a link (both its feeds), or a feed id'),
    follow: flag('go on with what comes, until Ctrl-C'),
  },
  async run(context, _args, { feed, follow }): Promise<Outcome> {
    const { terminal, json } = context;
    const instance = await context.open();
    const wanted = feed === undefined ? undefined : feedsNamed(instance, feed);
    const signal = follow ? context.signal : undefined;
    let after = 0;
    for (;;) {
      for (const page of instance.log.pages({ after })) {
        for (const entry of page) {
          after = entry.pos;
          if (wanted?.has(entry.header.feed) === false) continue;
          if (json) terminal.document(entryDocument(instance, entry));
          else terminal.result(entryLine(instance, entry));
        }
      }
      if (signal === undefined || signal.aborted) return {};
      await pause(lookEveryMs, signal);
    }
  },
});

export const showFeed = command({
  path: 'feed show',
  about: 'All that the other side of a link can ever see of this one',
  example: 'crossgap feed show contoso',
  args: { LINK: needed('LINK', 'the link') },
  options: {},
  async run(context, { LINK }): Promise<Outcome> {
    const { terminal, json } = context;
    const instance = await context.open();
    const link = linkThatWas(instance, LINK);
    const feed = instance.log.feedTo(link.link);
    let shown = 0;
    for (const page of instance.log.pages({ after: 0 })) {
      for (const entry of page) {
        if (entry.header.feed !== feed) continue;
        shown += 1;
        if (json) terminal.document(entryDocument(instance, entry));
        else
          terminal.result(
            `${String(entry.header.seq).padStart(5)}  ${moment(entry.header.at)}  ${entrySummary(entry)}`,
          );
      }
    }
    if (shown === 0) terminal.talk(`Nothing was told to ${link.name} yet`);
    return {};
  },
});

/** The living link of this name, else the last one that had it: what was told stays told. */
function linkThatWas({ db }: Instance, name: string): LinkRow {
  const links = readLinks(db).filter((link) => link.name === name);
  const isGone = links.length > 0 && links.every(({ state }) => state === 'removed');
  return isGone ? links.at(-1)! : findLink(db, name);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      done();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
