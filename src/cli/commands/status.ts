import { readStatus } from '../../daemon/index.ts';
import { describeError, describeLive, type StatusView } from '../../projections/index.ts';
import { command, type Outcome } from '../command.ts';
import { customerText } from '../told/customer-text.ts';
import { headText, outstandingText } from '../links/link-facts.ts';
import { neverHeard } from '../links/never-heard.ts';
import { standingWord, stateWord } from '../told/describe-deployment.ts';
import { facts, section, table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { ago, count, lastingFor, moment, short, span } from '../../words.ts';

const deploymentsShown = 10;
const outboundShown = 10;

export const status = command({
  path: 'status',
  about: 'How this instance stands: what the status page shows, as text',
  example: 'crossgap status',
  args: {},
  options: {},
  async run(context): Promise<Outcome> {
    const instance = await context.open();
    const view = readStatus(instance);
    if (!context.json) for (const line of neverHeard(instance.db)) context.terminal.talk(`note: ${line}`);
    return { document: view, text: describeStatus(view, context.terminal) };
  },
});

type Toned = Pick<Terminal, 'tone' | 'columns'>;
type Rows = (view: StatusView, now: number, terminal: Toned) => string[][];

/** The page's content as lines; parts with nothing in them are left out. */
export function describeStatus(view: StatusView, terminal: Toned): string[] {
  const now = Date.parse(view.now);
  const { instance, log } = view;
  return [
    `${instance.name}, ${moment(view.now)}`,
    ...facts([
      ['instance', instance.instanceId],
      ['certificate', instance.certificate],
      ['words', instance.fingerprint],
      ['log', `${count(log.entries, 'entry', 'entries')} in ${count(log.feeds.length, 'feed')}`],
    ]),
    ...parts.flatMap(([heading, rows]) =>
      section(heading, table(rows(view, now, terminal), terminal.columns && terminal.columns - 2)),
    ),
  ];
}

const parts: readonly (readonly [heading: string, rows: Rows])[] = [
  ['Attention', ({ warnings }, _now, { tone }) => warnings.map(({ message }) => [tone('warn', message)])],
  [
    'Fleet',
    ({ fleet }, _now, terminal) =>
      fleet.map((row) => [
        customerText(row),
        row.environment ?? '-',
        `${row.process} ${row.release ?? '-'}`,
        stateWord(row.state, terminal),
        row.ageSeconds === null ? 'never heard of' : `${span(row.ageSeconds)} ago`,
        row.behind === 0 ? '' : `${row.behind} behind`,
        row.blockedBy ?? '',
      ]),
  ],
  [
    'Offers',
    ({ offers }) =>
      offers.map((offer) => [
        `${offer.link}:${offer.process}/${offer.release}`,
        offer.state,
        offer.packages.every(({ held }) => held) ? 'complete' : 'not complete yet',
        offer.reason ?? '',
      ]),
  ],
  [
    'Inputs missing',
    ({ missingInputs }) =>
      missingInputs.map((one) => [
        one.name,
        `${one.process}/${one.release}`,
        one.environment,
        one.secret ? 'secret' : '',
      ]),
  ],
  [
    'Environments',
    ({ environments }, now) =>
      environments.map((one) => [
        one.name,
        one.after.length === 0 ? '' : `after ${one.after.join(', ')}`,
        one.tags.length === 0 ? '' : `tagged ${one.tags.join(', ')}`,
        runsAndAttempts(one, now),
      ]),
  ],
  [
    'Deployments',
    ({ deployments }, now, terminal) =>
      deployments
        .slice(0, deploymentsShown)
        .map((one) => [
          one.id,
          `${one.link === null ? '' : `${one.link}:`}${one.process}/${one.release}`,
          one.environment,
          standingWord(one, terminal),
          ago(one.endedAt ?? one.startedAt ?? one.requestedAt, now),
          one.error ?? '',
        ]),
  ],
  [
    'Releases',
    ({ releases }) =>
      releases.map((one) => [
        `${one.process}/${one.release}`,
        one.withdrawn === null ? '' : 'withdrawn',
        deployedTo(one),
        one.verdict === null ? 'no verdict' : `verdict ${one.verdict.ok ? 'ok' : 'not ok'}`,
        one.publishedTo.map(({ customer, state }) => `${customer} ${state}`).join(', '),
      ]),
  ],
  [
    'Links',
    ({ links, now: at }, now, { tone }) =>
      links.map((one) => [
        one.state === 'removed' ? `${one.name} (${one.link.slice(0, 8)})` : one.name,
        one.state,
        one.heardAt === null ? 'never heard of' : `heard ${ago(one.heardAt, now)}`,
        one.state === 'removed' ? '' : describeLive(one, at),
        `${headText(one.heads.ours)} / ${headText(one.heads.theirs)}`,
        outstandingText(one),
        one.transport,
        describeError(one) === null ? '' : tone('warn', describeError(one)!),
      ]),
  ],
  ['Packages', ({ packages }) => packages.map((one) => [one.id, one.version, short(one.sha256), one.signer])],
  [
    'Left the house',
    ({ outbound }, now) =>
      outbound.slice(0, outboundShown).map((one) => [ago(one.at, now), one.link, one.summary]),
  ],
];

function runsAndAttempts({ runs, attempts }: StatusView['environments'][number], now: number): string {
  const told = [
    ...runs.map(
      ({ process, release, since, withdrawn }) =>
        `${process} ${release} ${lastingFor(since, now)}${withdrawn === null ? '' : ' (withdrawn)'}`,
    ),
    ...attempts.map(({ process, release, state, at }) => `${process} ${release} ${state} ${ago(at, now)}`),
  ];
  return told.join('; ') || 'nothing runs here';
}

/** Where a release got to, and where it did not. */
function deployedTo({ deployedTo: places, lastRuns }: StatusView['releases'][number]): string {
  const others = lastRuns
    .filter(({ state }) => state !== 'succeeded')
    .map(({ state, environment }) => `${state} in ${environment}`);
  const told = [...(places.length === 0 ? [] : [`deployed to ${places.join(', ')}`]), ...others];
  return told.join('; ') || 'not deployed';
}
