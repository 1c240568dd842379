import { answerOffer, CommandError, type Answer } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import { findRelease, releaseOf, type Instance } from '../../instance/index.ts';
import { readLinks, type ReleaseRow } from '../../projections/index.ts';
import { command, misuse, needed, text, type Outcome } from '../command.ts';
import { R } from '../given/release-names.ts';
import { timeNamed } from '../given/times.ts';
import { commandLine } from '../../words.ts';

const accept = command({
  path: 'release accept',
  about: 'Take an offer; its author is told',
  example: 'crossgap release accept acme:Orders/1.0.0',
  args: { R },
  options: {},
  run: async (context, { R: named }) =>
    answer(await context.open(), named, { answer: 'accepted', reason: null, until: null }),
});

const refuse = command({
  path: 'release refuse',
  about: 'Refuse an offer; its author is told why, and it is not deployed while this stands',
  example: 'crossgap release refuse acme:Orders/1.0.0 --reason "Oracle upgrade first"',
  args: { R },
  options: { reason: needed('TEXT', 'why; the author reads it') },
  async run(context, { R: named }, { reason }): Promise<Outcome> {
    if (reason.trim() === '')
      throw misuse('Cannot refuse: no reason was given', 'Say why with --reason TEXT.');
    return answer(await context.open(), named, { answer: 'refused', reason, until: null });
  },
});

const postpone = command({
  path: 'release postpone',
  about: 'Put an offer off until a day; its author is told',
  example: 'crossgap release postpone acme:Orders/1.0.0 --until 2027-02-01',
  args: { R },
  options: { until: needed('T', 'a day or a time'), reason: text('TEXT', 'why; the author reads it') },
  async run(context, { R: named }, { until, reason = null }): Promise<Outcome> {
    timeNamed(until, '--until');
    return answer(await context.open(), named, { answer: 'postponed', reason, until });
  },
});

export const answerCommands = [accept, refuse, postpone];

type Given = { readonly answer: Answer; readonly reason: string | null; readonly until: string | null };

function answer(instance: Instance, named: string, given: Given): Outcome {
  const entries = instance.record((db) => {
    const release = findRelease(db, named);
    const decision = answerOffer(release, given);
    refuseUnconfirmed(db, release, given.answer);
    return decision;
  });
  const release = findRelease(instance.db, named);
  const called = releaseOf(instance.db, release);
  const until = given.until === null ? '' : ` until ${given.until}`;
  const reason = given.reason === null ? '' : `: ${given.reason}`;
  return {
    document: {
      release: called,
      digest: release.digest,
      answer: release.answer,
      changed: entries.length > 0,
    },
    text: `${called} is ${given.answer}${until}${reason}${entries.length > 0 ? '' : ' (it was before)'}`,
  };
}

/** Nothing is told to somebody whose words were not compared. */
function refuseUnconfirmed(db: Database, release: ReleaseRow, given: Answer): void {
  const link = readLinks(db).find((one) => one.link === release.link);
  if (link === undefined || link.state === 'confirmed') return;
  throw new CommandError(
    'LINK_NOT_CONFIRMED',
    `Cannot answer ${releaseOf(db, release)} with ${given}: the link to ${link.name} is ${link.state}`,
    {
      hint: `Compare the words by phone, then \`${commandLine('link', 'confirm', link.name)} --fingerprint "WORDS"\`.`,
      details: { link: link.link, state: link.state },
    },
  );
}
