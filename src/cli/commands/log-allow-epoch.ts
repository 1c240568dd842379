import { feedId } from '../../events/index.ts';
import { findLink } from '../../instance/index.ts';
import { command, needed, type Outcome } from '../command.ts';

export const allowEpoch = command({
  path: 'log allow-epoch',
  about: 'Let the frozen feed of a link go on with the next epoch its author starts, after talking to them',
  example: 'crossgap log allow-epoch acme',
  args: { LINK: needed('LINK', 'whose author signed two histories') },
  options: {},
  async run(context, { LINK: name }): Promise<Outcome> {
    const { db, log } = await context.open();
    const { link, peer } = findLink(db, name);
    const allowed = peer !== null && log.allowEpoch(feedId(peer, link));
    return {
      document: { link: name, allowed },
      text: allowed
        ? `The feed of ${name} goes on as soon as its author starts a new epoch; the evidence is kept`
        : `The feed of ${name} is not frozen: there is nothing to allow`,
    };
  },
});
