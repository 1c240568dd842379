import { DeploymentRequested } from '../events/index.ts';
import { commandLine } from '../words.ts';
import { answerOffer } from './answer-offer.ts';
import { findEnvironment, type Environment } from './arrange-environments.ts';
import { atHome, type Decision } from './decision.ts';
import { CommandError } from './errors.ts';
import { withdrawn } from './publish-release.ts';

/** A release as deploying sees it; `link` '' for this side's own. */
export type DeployableRelease = {
  readonly link: string;
  readonly linkName: string | null;
  readonly linkState: string | null;
  readonly process: string;
  readonly number: string;
  readonly digest: string;
  readonly withdrawn: string | null;
  readonly answer: {
    readonly answer: string;
    readonly reason: string | null;
    readonly until: string | null;
  } | null;
  /** Environments in which exactly this release succeeded. */
  readonly succeededIn: ReadonlySet<string>;
  /** What it names and this side does not hold yet, in words. */
  readonly lacking: readonly string[];
  /** Parts that came and were refused, in words. */
  readonly refusedParts: readonly string[];
  readonly missingInputs: readonly string[];
};

/** A deployment as others see it that want the same place. */
export type PlacedDeployment = {
  readonly deployment: string;
  readonly number: string;
  readonly digest: string;
  readonly state: string;
  readonly requestedBy: string;
  readonly reason?: 'deploy' | 'again' | 'retry' | 'rollback' | 'uninstall';
  /** Whether a step of it may have run. */
  readonly began: boolean;
};

/** Whether a run decides what there is in its place now: one that was cancelled half-way is no success and not nothing. */
export const isDecisive = ({ state, began }: PlacedDeployment): boolean =>
  state === 'succeeded' || state === 'failed' || (state === 'cancelled' && began);

/** The place a release is to go to: what is under way there, and what ran there last, newest first. */
export type Place = {
  readonly environments: readonly Environment[];
  readonly environment: string;
  readonly open: PlacedDeployment | undefined;
  /** Over, newest first, for this process. */
  readonly past: readonly PlacedDeployment[];
};

/** The place as it is once what is open there was given up. */
export function onceGivenUp(place: Place): Place {
  const { open, past } = place;
  return open === undefined
    ? place
    : { ...place, open: undefined, past: [{ ...open, state: 'cancelled' }, ...past] };
}

export type DeploymentIntent = {
  readonly deployment: string;
  readonly reason: 'deploy' | 'again' | 'retry' | 'rollback';
  readonly of: string | null;
  /** What becomes of it when a step fails; `fail` where nothing is said. */
  readonly onFailure?: 'ask' | 'fail' | 'ignore' | 'retry';
};

/** Throws the first reason why this release can't go to this place now. */
export function refuseUndeployable(release: DeployableRelease, place: Place): void {
  const { process, number } = release;
  const asked = `Cannot deploy ${process} ${number} to ${place.environment}`;
  const environment = findEnvironment(place.environments, place.environment);
  if (release.withdrawn !== null) throw withdrawn(process, number, release.withdrawn);
  if (release.link !== '' && release.linkState !== 'confirmed') {
    throw new CommandError(
      'LINK_NOT_CONFIRMED',
      `${asked}: the link to ${release.linkName} is ${release.linkState}, so nothing from there is executable`,
      {
        hint: `Compare the words by phone, then \`${commandLine('link', 'confirm', release.linkName ?? release.link)} --fingerprint "WORDS"\`.`,
        details: { link: release.link },
      },
    );
  }
  if (release.answer?.answer === 'refused' || release.answer?.answer === 'postponed') {
    const { answer, reason, until } = release.answer;
    const why = [until === null ? '' : ` until ${until}`, reason === null ? '' : `, because: ${reason}`].join(
      '',
    );
    throw new CommandError('OFFER_NOT_TAKEN', `${asked}: it was ${answer}${why}`, {
      hint: `Take it first: \`${commandLine('release', 'accept', number)}\`.`,
      details: { answer, reason, until },
    });
  }
  if (release.refusedParts.length > 0) {
    throw new CommandError('RELEASE_PART_REFUSED', `${asked}: ${release.refusedParts.join('; ')}`, {
      hint: 'Let the daemon run, which asks for what was changed; `crossgap inbox` tells when it is here. What was refused for good only another release mends.',
      details: { parts: release.refusedParts },
    });
  }
  if (release.lacking.length > 0) {
    const not = release.link === '' ? 'not here any more' : 'not here yet';
    throw new CommandError('RELEASE_INCOMPLETE', `${asked}: ${not}: ${release.lacking.join(', ')}`, {
      hint:
        release.link === ''
          ? 'Add them again: `crossgap package add FILE`.'
          : 'Let the daemon run until they have come; `crossgap inbox` shows how far it is.',
      details: { lacking: release.lacking },
    });
  }
  const missing = environment.after.filter((before) => !release.succeededIn.has(before));
  if (missing.length > 0) {
    throw new CommandError(
      'PREDECESSOR_MISSING',
      `${asked}: it did not succeed in ${missing.join(', ')} yet, which comes before`,
      { hint: `Deploy it to ${missing[0]} first.`, details: { missing } },
    );
  }
  refuseHeld(asked, place);
  refuseMissingInputs(asked, release, place.environment);
}

/** Throws `DEPLOYMENT_HELD` where something is under way in a place. */
export function refuseHeld(asked: string, { open }: Place): void {
  if (open !== undefined) throw held(asked, open);
}

/** Throws `INPUT_MISSING` with all that nobody has given yet. */
export function refuseMissingInputs(
  asked: string,
  { missingInputs }: DeployableRelease,
  environment: string,
): void {
  if (missingInputs.length === 0) return;
  throw new CommandError('INPUT_MISSING', `${asked}: not set: ${missingInputs.join(', ')}`, {
    hint: `Set each with \`crossgap input set NAME --env ${environment}\`; secrets with --secret, the value from standard input.`,
    details: { missing: missingInputs },
  });
}

/** Asks for a run, or says which run makes it unnecessary. */
export function requestDeployment(
  release: DeployableRelease,
  place: Place,
  intent: DeploymentIntent,
): { decision: Decision; running?: PlacedDeployment } {
  const newest = place.past.find(isDecisive);
  const isThere = newest?.state === 'succeeded' && newest.reason !== 'uninstall';
  const runsAlready = isThere && newest.digest === release.digest;
  if (runsAlready && intent.reason === 'deploy' && place.open === undefined && release.withdrawn === null) {
    findEnvironment(place.environments, place.environment);
    return { decision: [], running: newest };
  }
  refuseUndeployable(release, place);
  const accepted =
    release.link === '' ? [] : answerOffer(release, { answer: 'accepted', reason: null, until: null });
  return {
    decision: [...accepted, requested(release, place, intent)],
  };
}

/**
 * Which release a rollback goes to: the one that ran before what runs or was tried last, or before everything was
 * uninstalled. A run that is open counts as given up, since it is for that. Rolling back twice goes back twice: what a
 * rollback left behind is not come back to; one that did not succeed is tried again.
 */
export function rollbackTarget(process: string, place: Place): PlacedDeployment {
  const decisive = onceGivenUp(place).past.filter(isDecisive);
  const standing: PlacedDeployment[] = [];
  for (const run of decisive.toReversed()) {
    if (run.state !== 'succeeded') continue;
    if (run.reason === 'uninstall') continue;
    const before =
      run.reason === 'rollback' ? standing.findLastIndex(({ digest }) => digest === run.digest) : -1;
    if (before >= 0) standing.length = before;
    standing.push(run);
  }
  const newest = decisive.find(({ state, reason }) => state === 'succeeded' || reason !== 'rollback');
  // What was taken away, or only half, is what ran before.
  const isGone = newest?.reason === 'uninstall';
  const target = standing.findLast(({ digest }) => isGone || digest !== newest?.digest);
  if (target !== undefined) return target;
  throw new CommandError(
    'NOTHING_TO_ROLL_BACK',
    `Cannot roll back ${process} in ${place.environment}: no other release succeeded there before`,
    { hint: 'Deploy a release instead: `crossgap deploy R --env E`.', details: { process } },
  );
}

function held(asked: string, open: PlacedDeployment): CommandError {
  const { deployment } = open;
  return new CommandError(
    'DEPLOYMENT_HELD',
    `${asked}: deployment ${deployment} of ${open.number}, asked for by ${open.requestedBy}, is ${open.state} there`,
    {
      hint: firstDone(open),
      details: { deployment, by: open.requestedBy, state: open.state },
    },
  );
}

/** What becomes of an open run before another can begin. */
function firstDone({ deployment, state }: PlacedDeployment): string {
  const stop = `stop it with \`crossgap deployment cancel ${deployment}\`.`;
  switch (state) {
    case 'interrupted':
      return `Decide about it first: \`crossgap deployment resume ${deployment}\`, or retry or cancel in the place of resume.`;
    case 'waiting':
      return `Answer what it waits for, which \`crossgap deployment show ${deployment}\` tells: a manual step by \`crossgap approve ${deployment}\`; or ${stop}`;
    default:
      return `Wait for it, or ${stop}`;
  }
}

/** The entry by which a run is asked for, of whichever kind. */
export function requested(
  { link, process, number, digest }: DeployableRelease,
  { environment }: Pick<Place, 'environment'>,
  {
    deployment,
    of,
    onFailure = 'fail',
    reason,
  }: Omit<DeploymentIntent, 'reason'> & { readonly reason: Reason },
): Decision[number] {
  return atHome(
    DeploymentRequested.make({
      deployment,
      link: link === '' ? null : link,
      process,
      release: number,
      digest,
      environment,
      reason,
      of,
      onFailure,
    }),
  );
}

type Reason = NonNullable<PlacedDeployment['reason']>;
