import { InputReported, InputSet, OfferAnswered, ReleaseAnswered } from '../events/index.ts';
import { atHome, told, type Decision } from './decision.ts';
import { CommandError } from './errors.ts';
import { withdrawn } from './publish-release.ts';

export type Answer = 'accepted' | 'refused' | 'postponed';

/** An offer as answering sees it. */
export type Offer = {
  readonly link: string;
  readonly process: string;
  readonly number: string;
  readonly digest: string;
  readonly withdrawn: string | null;
  readonly answer: {
    readonly answer: string;
    readonly reason: string | null;
    readonly until: string | null;
  } | null;
};

/** This side's decision about an offer, kept here and told to the author. What was withdrawn can't be accepted any more. */
export function answerOffer(
  offer: Offer,
  intent: { answer: Answer; reason: string | null; until: string | null },
): Decision {
  const { link, digest } = offer;
  if (link === '') {
    throw new CommandError(
      'OFFER_ONLY',
      `Cannot answer release ${offer.number} of ${offer.process}: it is this side's own`,
      { hint: 'Only offers of others are accepted, refused or postponed; see `crossgap inbox`.' },
    );
  }
  const known = offer.answer;
  if (known?.answer === intent.answer && known.reason === intent.reason && known.until === intent.until) {
    return [];
  }
  const { answer, reason, until } = intent;
  if (answer === 'accepted' && offer.withdrawn !== null) {
    throw withdrawn(offer.process, offer.number, offer.withdrawn);
  }
  return [
    atHome(ReleaseAnswered.make({ link, digest, answer, reason, until })),
    told(link, OfferAnswered.make({ digest, answer, reason, until })),
  ];
}

/**
 * An input of this side. A secret's value is not part of this: it lies in the vault under its version. Of one that was
 * taken away `known` is its last version, without a value.
 */
export function setInput(
  known: { version: number; secret: boolean; value: string | null } | undefined,
  intent: { name: string; environment: string | null; secret: boolean; value: string | null },
  askedBy: readonly string[],
): { decision: Decision; version: number } {
  if (known !== undefined && !intent.secret && !known.secret && known.value === intent.value) {
    return { decision: [], version: known.version };
  }
  const version = (known?.version ?? 0) + 1;
  const { name, environment } = intent;
  return {
    version,
    decision: [
      atHome(InputSet.make({ ...intent, version })),
      ...askedBy.map((link) => told(link, InputReported.make({ name, environment, state: 'set' }))),
    ],
  };
}

/** An input of this side is taken away; nothing where it is not there. */
export function removeInput(
  known: { name: string; environment: string | null; version: number } | undefined,
): Decision {
  if (known === undefined) return [];
  const { name, environment, version } = known;
  return [atHome(InputSet.make({ name, environment, version: version + 1, secret: false, value: null }))];
}

/** Tells an author which inputs of its releases are set here, that were set before it could be told. */
export function reportInputs(
  link: string,
  untold: readonly { name: string; environment: string | null }[],
): Decision {
  return untold.map(({ name, environment }) =>
    told(link, InputReported.make({ name, environment, state: 'set' })),
  );
}
