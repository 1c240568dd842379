import { removeLink } from '../../commands/index.ts';
import { readLinkViews } from '../../daemon/index.ts';
import { findLink } from '../../instance/index.ts';
import { describeError, describeLive, describeRefused, readLinks } from '../../projections/index.ts';
import { ago } from '../../words.ts';
import { command, needed, type Outcome } from '../command.ts';
import { headText, listedLink, outstandingText } from '../links/link-facts.ts';
import { table } from '../table.ts';
import { acceptLinkCommand } from './link-accept.ts';
import { confirmLinkCommand } from './link-confirm.ts';
import { inviteLinkCommand } from './link-invite.ts';

const headings = ['LINK', 'STATE', 'HEARD', 'NOW', 'OURS / THEIRS', 'ON ITS WAY', 'THEIR WORDS', 'BY'];

const listAll = command({
  path: 'link list',
  about: 'The instances this one is paired with',
  example: 'crossgap link list',
  args: {},
  options: {},
  async run(context): Promise<Outcome> {
    const instance = await context.open();
    const rows = new Map(readLinks(instance.db).map((row) => [row.link, row]));
    const links = readLinkViews(instance);
    const now = new Date(instance.clock.now()).toISOString();
    const { terminal } = context;
    const lines = links.map((link) => [
      link.name,
      link.state === 'pending' ? 'pending, words not compared' : link.state,
      link.heardAt === null ? 'never heard of' : `heard ${ago(link.heardAt, now)}`,
      describeLive(link, now) || '-',
      `${headText(link.heads.ours)} / ${headText(link.heads.theirs)}`,
      outstandingText(link) || '-',
      link.fingerprint ?? '-',
      link.transport,
    ]);
    const wrong = links.flatMap((link) => {
      const said = describeError(link);
      const hint = link.live?.lastError?.hint;
      const refused = describeRefused(link, now);
      return [
        ...(said === null ? [] : [`${said}${hint ? `. ${hint}` : ''}`]),
        ...(refused === null ? [] : [refused]),
      ].map((words) => `${terminal.tone('warn', link.name)}: ${words}`);
    });
    return {
      document: links.map((link) => listedLink(rows.get(link.link)!, link)),
      text:
        lines.length === 0
          ? 'No links yet; make one with `crossgap link invite NAME --out FILE`'
          : [...table([headings, ...lines], terminal.columns), ...(wrong.length > 0 ? ['', ...wrong] : [])],
    };
  },
});

const remove = command({
  path: 'link remove',
  about: 'End a pairing; its history stays, nothing more is sent',
  example: 'crossgap link remove contoso',
  args: { NAME: needed('NAME', 'the link') },
  options: {},
  async run(context, { NAME }): Promise<Outcome> {
    const instance = await context.open();
    const links = readLinks(instance.db).filter(({ name, link }) => name === NAME || link === NAME);
    const gone =
      links.length > 0 && links.every(({ state }) => state === 'removed') ? links.at(-1) : undefined;
    const known = gone ?? findLink(instance.db, NAME);
    const entries = instance.record((db) =>
      removeLink(readLinks(db).find(({ link }) => link === known.link) ?? known),
    );
    return {
      document: { link: known.link, name: known.name, state: 'removed', changed: entries.length > 0 },
      text: `Link ${known.name} ${entries.length > 0 ? 'is removed' : 'was removed before'}`,
    };
  },
});

export const linkCommands = [inviteLinkCommand, acceptLinkCommand, confirmLinkCommand, listAll, remove];
