import { streamLimits } from '../../hub/index.ts';
import { overNats } from '../../sync/index.ts';
import { count } from '../../words.ts';
import { command, type Outcome } from '../command.ts';
import { formerHubLinks, hubLinks, hubSettingsOf, ownHubConnection } from '../../daemon/index.ts';
import { section } from '../table.ts';
import { checkLines, unfit } from './hub-check.ts';

export const hubApplyCommand = command({
  path: 'hub apply',
  about: 'Make what our NATS server keeps for each link; a running daemon does it by itself',
  example: 'crossgap hub apply',
  args: {},
  options: {},
  async run(context): Promise<Outcome> {
    const instance = await context.open();
    const settings = hubSettingsOf(instance);
    await using connection = await ownHubConnection(instance, settings);
    const { signal } = context;
    const limits = streamLimits(settings);
    const { applyHub, checkHub } = await overNats();
    const check = await checkHub(connection, { signal, replicas: limits.replicas });
    const failure = unfit(check);
    if (failure !== undefined) throw failure;
    const links = hubLinks(instance).filter(({ nkey }) => nkey !== null);
    const changes = await applyHub(
      connection,
      links.map(({ link }) => link),
      { signal, limits, removed: formerHubLinks(instance) },
    );
    const isSame = Object.values(changes).every((names) => names.length === 0);
    return {
      document: { links: links.map(({ link, name }) => ({ link, name })), ...changes, check },
      text: [
        `${count(links.length, 'link')} ${links.length === 1 ? 'meets its' : 'meet their'} other side here${isSame ? '; nothing was to be made' : ''}`,
        ...section('Made:', changes.made),
        ...section('Changed:', changes.changed),
        ...section('Removed:', changes.removed),
        '',
        ...checkLines(check),
      ],
    };
  },
});
