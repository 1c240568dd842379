import type { Database } from '../../db/index.ts';
import { lastBundles } from '../../daemon/index.ts';
import {
  attemptInWords,
  describeSent,
  fleetRows,
  nameKey,
  livingNames,
  readPeerInputs,
  readPublications,
  readReleases,
  type FleetRow,
  type LinkView,
} from '../../projections/index.ts';
import { command, misuse, text, type Outcome } from '../command.ts';
import { customerText } from '../told/customer-text.ts';
import { stateWord } from '../told/describe-deployment.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { ago, span } from '../../words.ts';

const headings = ['CUSTOMER', 'ENVIRONMENT', 'RUNS', 'LAST ATTEMPT', 'AS OF', 'BEHIND', 'BLOCKED BY'];
/** Only where somebody is reached by bundles. */
const bundleHeading = 'BY BUNDLE';

export const fleet = command({
  path: 'fleet',
  about: 'What runs at whom: customers × environments, how old the knowledge is, what blocks',
  example: 'crossgap fleet --behind 2',
  args: {},
  options: {
    behind: text('N', 'only those that lack at least N published releases'),
    missing: text('INPUT', 'only those that need this input and have not reported it as set'),
  },
  async run(context, _args, { behind, missing }): Promise<Outcome> {
    const least = behind === undefined ? 0 : wholeNumber(behind);
    const instance = await context.open();
    const now = instance.clock.now();
    const lacks = missing === undefined ? () => true : lacking(instance.db, missing);
    const bundles = lastBundles(instance);
    const rows = fleetRows(instance.db, now, { behind: least })
      .filter(lacks)
      .map((row) => ({ ...row, bundle: bundles.get(row.customer) ?? null }));
    // A table of thousands costs more than their rows.
    if (context.json) return { document: rows };
    const byBundle = rows.some(({ bundle }) => bundle !== null);
    const none =
      behind !== undefined || missing !== undefined
        ? 'Nobody'
        : 'Nobody yet: publish a release to a link, and what becomes of it is shown here';
    return {
      document: rows,
      text:
        rows.length === 0
          ? none
          : table(
              [
                [...headings, ...(byBundle ? [bundleHeading] : [])],
                ...rows.map((row) => [
                  ...cells(row, now, context.terminal),
                  ...(byBundle ? [sent(row.bundle, now)] : []),
                ]),
              ],
              context.terminal.columns,
            ),
    };
  },
});

/** What went to a customer by courier, and whether it has said that it came. */
function sent(bundle: LinkView['lastBundle'], now: number): string {
  return describeSent({ lastBundle: bundle }, new Date(now).toISOString()) ?? '';
}

function cells(row: FleetRow, now: number, terminal: Terminal): string[] {
  const { lastAttempt } = row;
  const tried = lastAttempt !== null && lastAttempt.release !== row.release ? `${lastAttempt.release} ` : '';
  return [
    customerText(row),
    row.environment ?? '-',
    `${row.process} ${row.release ?? '-'}${row.withdrawn === null ? '' : ' (withdrawn)'}`,
    lastAttempt === null
      ? row.state
      : [
          `${tried}${stateWord(lastAttempt.state, terminal)} ${ago(lastAttempt.at, now)}`,
          ...attemptInWords(lastAttempt),
        ].join(', '),
    row.ageSeconds === null ? 'never' : `${span(row.ageSeconds)} ago`,
    String(row.behind),
    row.blockedBy ?? '',
  ];
}

function wholeNumber(given: string): number {
  if (/^\d{1,6}$/.test(given)) return Number(given);
  throw misuse(
    `Cannot understand --behind ${given}: it is not a whole number`,
    'Write, for example, --behind 2.',
  );
}

/** Whether a customer was offered a release that needs the input and has not said that it is set there. */
function lacking(db: Database, input: string): (row: FleetRow) => boolean {
  const key = nameKey(input);
  const names = new Map(livingNames(db).map(({ link, name }) => [link, name]));
  const asking = new Map(
    readReleases(db)
      .filter(
        ({ link, document }) => link === '' && document.inputs.some(({ name }) => nameKey(name) === key),
      )
      .map(({ digest, process }) => [digest, process]),
  );
  const offered = new Set(
    readPublications(db)
      .filter(({ digest }) => asking.has(digest))
      .map(({ link, digest }) => `${names.get(link)}\n${asking.get(digest)}`),
  );
  const reported = new Set(
    readPeerInputs(db)
      .filter(({ name }) => nameKey(name) === key)
      .map(({ link, environment }) => `${names.get(link)}\n${environment ?? ''}`),
  );
  return ({ customer, process, environment }) =>
    offered.has(`${customer}\n${process}`) &&
    !reported.has(`${customer}\n`) &&
    !(environment !== null && reported.has(`${customer}\n${environment}`));
}
