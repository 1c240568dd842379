import { systemClock } from '../../clock.ts';
import { feedViews } from '../../daemon/index.ts';
import { backupInstance, restoreInstance } from '../../instance/index.ts';
import { count } from '../../words.ts';
import { command, needed, type Outcome } from '../command.ts';
import { section, table } from '../table.ts';

export const backup = command({
  path: 'backup',
  about: 'Copy the database into a file while the daemon runs; keys and vault are not in it',
  example: 'crossgap backup /mnt/backup/acme-2026-11-21.db',
  args: { FILE: needed('FILE', 'a file that is not there yet') },
  options: {},
  async run(context, { FILE: path }): Promise<Outcome> {
    const instance = await context.open();
    const facts = await backupInstance(instance, path);
    const names = new Map(feedViews(instance).map((view) => [view.feed, view]));
    const heads = facts.heads.map(({ feed, author, audience, epoch, seq, hash }) => ({
      feed,
      author: names.get(feed)?.author ?? author,
      audience: names.get(feed)?.audience ?? audience,
      epoch,
      seq,
      hash,
    }));
    return {
      document: { ...facts, heads },
      text: [
        `${count(facts.entries, 'entry', 'entries')} in ${facts.file}, verified`,
        ...section(
          'Heads of the feeds in it',
          table(
            heads.map(({ author, audience, epoch, seq, hash }) => [
              `${author} → ${audience}`,
              `epoch ${epoch}`,
              count(seq, 'entry', 'entries'),
              hash,
            ]),
          ),
        ),
        '',
        'Keep the folder keys and the file vault as well, under lock and apart from it; the file head belongs in no backup.',
      ],
    };
  },
});

export const restore = command({
  path: 'restore',
  about: 'Put a backup in the place of the database; what was there is kept beside it',
  example: 'crossgap --data ./acme restore /mnt/backup/acme-2026-11-21.db',
  args: { FILE: needed('FILE', 'what `crossgap backup` wrote for this instance') },
  options: {},
  async run({ folder }, { FILE: path }): Promise<Outcome> {
    const done = await restoreInstance(folder, path, systemClock);
    const { standing } = done;
    return {
      document: { ...done, replaced: done.replaced ?? null },
      text: [
        `${count(done.entries, 'entry', 'entries')} are in place`,
        ...(done.replaced === undefined ? [] : [`the database before lies in ${done.replaced}`]),
        ...whatNext(standing.state),
      ],
    };
  },
});

function whatNext(state: string): string[] {
  switch (state) {
    case 'good':
      return ['It holds all that this instance ever signed: it may go on'];
    case 'ROLLED_BACK':
      return [
        'It lacks entries that this instance signed later, so nothing is signed until they are back:',
        '  1. crossgap run --once          the others give back what they hold',
        '  2. crossgap log new-epoch --reason TEXT   gives up what nobody has, as far as anything is left',
      ];
    default:
      return [
        'The file head is not there, so nothing tells whether this is the newest database:',
        '  crossgap log confirm            if nothing was signed after this backup',
        '  crossgap log new-epoch --reason TEXT   if something may have been',
      ];
  }
}
