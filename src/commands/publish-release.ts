import {
  ChunksListed,
  ReleaseOffered,
  ReleasePublished,
  ReleaseTimed,
  ReleaseWithdrawn,
  ValueGiven,
  type ChunkListPin,
  type EventOf,
} from '../events/index.ts';
import { commandLine } from '../words.ts';
import { cut } from './bounded.ts';
import { atHome, told, type Decided, type Decision } from './decision.ts';
import { CommandError } from './errors.ts';

/** One entry holds the names of some 7,000 links. */
const linksNamedMax = 5000;

/** A note can be a page; as a reason its beginning is enough, `release show` has it whole. */
const noteQuotedMax = 200;

/** What `publish-when` of the process asks for. */
export type Gate = {
  readonly deployedTo: readonly string[];
  readonly testsPassed: boolean;
  /** Types of tests that must have passed, each by itself. */
  readonly testTypes: readonly string[];
  readonly verdictOk: boolean;
};

/** What is known of a release when it is to be published. */
export type Standing = {
  readonly process: string;
  readonly number: string;
  readonly digest: string;
  readonly document: Uint8Array;
  readonly withdrawn: string | null;
  readonly deployedTo: readonly string[];
  readonly tests: { readonly passed: number; readonly failed: number } | null;
  /** What was imported, of which type each. */
  readonly evidence: readonly {
    readonly type: string | null;
    readonly passed: number;
    readonly failed: number;
  }[];
  readonly verdict: { readonly ok: boolean; readonly by: string; readonly note: string | null } | null;
};

/** Everything that keeps a release from being published, in words; empty where the gate is open. */
export function closedBecause(gate: Gate, standing: Standing): string[] {
  const reasons: string[] = [];
  if (standing.verdict !== null && !standing.verdict.ok) {
    const { by, note } = standing.verdict;
    const why = note === null ? '' : ` ("${cut(note.replaceAll(/\s+/g, ' ').trim(), noteQuotedMax)}")`;
    reasons.push(`the verdict of ${by} is: not ok${why}`);
  }
  for (const environment of gate.deployedTo) {
    if (!standing.deployedTo.includes(environment)) {
      reasons.push(`it was not deployed to ${environment} with success`);
    }
  }
  if (gate.testsPassed && standing.tests === null) reasons.push('no test results were imported');
  if (gate.testsPassed && standing.tests !== null) {
    if (standing.tests.failed > 0) reasons.push(`${standing.tests.failed} tests failed`);
    else if (standing.tests.passed === 0) reasons.push('no test passed');
  }
  for (const type of gate.testTypes) {
    const found = ofType(standing, type);
    if (found === undefined) reasons.push(`no ${type} test results were imported`);
    else if (found.failed > 0) reasons.push(`${found.failed} ${type} tests failed`);
    else if (found.passed === 0) reasons.push(`no ${type} test passed`);
  }
  if (gate.verdictOk && standing.verdict === null) reasons.push('nobody has given a verdict yet');
  return reasons;
}

/** What tests of one type came to; undefined where there are none. */
function ofType({ evidence }: Standing, type: string): { passed: number; failed: number } | undefined {
  const files = evidence.filter((one) => one.type?.toLowerCase() === type.toLowerCase());
  if (files.length === 0) return undefined;
  const sum = (which: 'passed' | 'failed'): number => files.reduce((total, one) => total + one[which], 0);
  return { passed: sum('passed'), failed: sum('failed') };
}

/** What to type so that a closed gate opens, as far as commands can do it. */
export function howToOpen(gate: Gate, standing: Standing): string {
  const { process, number, deployedTo, tests, verdict } = standing;
  const release = `${process}/${number}`;
  const commands = [
    ...gate.deployedTo
      .filter((environment) => !deployedTo.includes(environment))
      .map((environment) => commandLine('deploy', release, '--env', environment, '--wait')),
    ...(gate.testsPassed && tests === null ? [commandLine('tests', 'import', release, 'FILE')] : []),
    ...gate.testTypes
      .filter((type) => ofType(standing, type) === undefined)
      .map((type) => commandLine('tests', 'import', release, '--type', type, 'FILE')),
    ...(gate.verdictOk && verdict === null ? [commandLine('release', 'verdict', release, '--ok')] : []),
  ];
  if (commands.length === 0) return `See \`${commandLine('release', 'show', release)}\`.`;
  return `${commands.map((command) => `\`${command}\``).join(', then ')}.`;
}

/** How long a release took here, all of it and by step, in milliseconds. */
export type Timing = Omit<EventOf<typeof ReleaseTimed>['data'], 'digest' | 'steps'> & {
  readonly steps: readonly { readonly id: string; readonly ms: number }[];
};

const stepsTimedMax = 500;

/** A link as publishing sees it. */
export type Receiver = {
  readonly link: string;
  readonly name: string;
  readonly state: string;
  readonly has: boolean;
};

/**
 * Publishes a release: the decision at home, in as many entries as the links need to be named, and one self-contained
 * offer for each link that lacks it.
 */
export function publishRelease(...intent: Parameters<typeof publishToEach>): Decision {
  return [...publishToEach(...intent)];
}

/** The same for thousands, one event after the other; all that may refuse it is asked before the first. */
export function publishToEach(
  gate: Gate,
  standing: Standing,
  receivers: readonly Receiver[],
  chunkLists: readonly ChunkListPin[] = [],
  timing?: Timing,
): Iterable<Decided> {
  const { process, number, digest, document } = standing;
  if (standing.withdrawn !== null) throw withdrawn(process, number, standing.withdrawn);
  const reasons = closedBecause(gate, standing);
  if (reasons.length > 0) {
    throw new CommandError(
      'GATE_CLOSED',
      `Cannot publish release ${number} of ${process}: ${reasons.join('; ')}`,
      {
        hint: howToOpen(gate, standing),
        details: { reasons },
      },
    );
  }
  for (const receiver of receivers) {
    // To whom nobody has answered for yet it goes in a bundle that anybody can read, and is believed by nobody here.
    if (receiver.state === 'confirmed' || receiver.state === 'invited') continue;
    throw new CommandError(
      'LINK_NOT_CONFIRMED',
      `Cannot publish release ${number} of ${process} to ${receiver.name}: ${whyNotConfirmed(receiver)}`,
      {
        hint: `Compare the words by phone, then \`crossgap link confirm ${receiver.name} --fingerprint WORDS\`.`,
        details: { link: receiver.link, state: receiver.state },
      },
    );
  }
  const lacking = receivers.filter(({ has }) => !has);
  if (lacking.length === 0) return [];
  return offers(lacking, { digest, document }, chunkLists, timing);
}

function* offers(
  lacking: readonly Receiver[],
  { digest, document }: Pick<Standing, 'digest' | 'document'>,
  chunkLists: readonly ChunkListPin[],
  timing: Timing | undefined,
): Generator<Decided> {
  for (let from = 0; from < lacking.length; from += linksNamedMax) {
    const some = lacking.slice(from, from + linksNamedMax);
    yield atHome(ReleasePublished.make({ digest, links: some.map(({ link }) => link) }));
  }
  // To all the same is told.
  const offer = ReleaseOffered.make({ digest, document });
  const lists = chunkLists.length > 0 ? ChunksListed.make({ lists: [...chunkLists] }) : undefined;
  const timed =
    timing && ReleaseTimed.make({ ...timing, digest, steps: timing.steps.slice(0, stepsTimedMax) });
  for (const { link } of lacking) {
    yield told(link, offer);
    if (timed !== undefined) yield told(link, timed);
    if (lists !== undefined) yield told(link, lists);
  }
}

/** What keeps a link from being used, in words. */
export function whyNotConfirmed({ name, state }: { readonly name: string; readonly state: string }): string {
  if (state === 'invited') return `${name} has not answered the invitation yet`;
  if (state === 'pending') return `nobody has compared the words of ${name} yet`;
  return `the link to ${name} is ${state}`;
}

/** Withdraws a release, here and for all it was published to. */
export function withdrawRelease(
  standing: { digest: string; withdrawn: string | null },
  reason: string,
  publishedTo: readonly string[],
): Decision {
  if (standing.withdrawn !== null) return [];
  const event = ReleaseWithdrawn.make({ digest: standing.digest, reason });
  return [atHome(event), ...publishedTo.map((link): Decided => told(link, event))];
}

/** A value for one receiver; the same again changes nothing. */
export function giveValue(
  known: readonly { name: string; value: string }[],
  intent: { link: string; name: string; value: string },
): Decision {
  const { link, name, value } = intent;
  if (known.some((one) => one.name === name && one.value === value)) return [];
  return [told(link, ValueGiven.make({ name, value }))];
}

export function withdrawn(process: string, number: string, reason: string): CommandError {
  return new CommandError(
    'RELEASE_WITHDRAWN',
    `Cannot use release ${number} of ${process}: it was withdrawn, because: ${reason}`,
    { hint: 'Use another release; a withdrawn one is not deployed any more.', details: { reason } },
  );
}
