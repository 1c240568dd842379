import { HubError } from '../../hub/index.ts';
import { overNats, type HubCheck } from '../../sync/index.ts';
import { command, type Outcome } from '../command.ts';
import { hubSettingsOf, ownHubConnection } from '../../daemon/index.ts';

export const hubCheckCommand = command({
  path: 'hub check',
  about: 'Sign in at our NATS server and see whether it is as it should be: version, limits, copies',
  example: 'crossgap hub check',
  args: {},
  options: {},
  async run(context): Promise<Outcome> {
    const instance = await context.open();
    const settings = hubSettingsOf(instance);
    await using connection = await ownHubConnection(instance, settings);
    const replicas = settings.replicas ?? 1;
    const { checkHub } = await overNats();
    const check = await checkHub(connection, { signal: context.signal, replicas });
    const failure = unfit(check);
    return { document: check, text: checkLines(check), ...(failure && { failure }) };
  },
});

/** What was found, a line each. */
export function checkLines({ url, serverVersion, findings }: HubCheck): string[] {
  const marks = { good: 'good', advice: 'mind', wrong: 'WRONG' } as const;
  return [
    `nats-server ${serverVersion} at ${url}`,
    ...findings.map(
      ({ level, message, hint }) =>
        `${marks[level].padEnd(6)}${message}${hint === undefined || level === 'good' ? '' : `. ${hint}`}`,
    ),
  ];
}

/** The refusal of a server that can't serve, undefined where it can. */
export function unfit({ url, findings }: HubCheck): HubError | undefined {
  const wrong = findings.filter(({ level }) => level === 'wrong');
  const [first] = wrong;
  if (first === undefined) return undefined;
  return new HubError('HUB_UNFIT', `Cannot use the NATS server at ${url}: ${first.message}`, {
    hint: first.hint ?? 'Start it with what `crossgap hub config` writes.',
    details: { wrong: wrong.map(({ message }) => message) },
  });
}
