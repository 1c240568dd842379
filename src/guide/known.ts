import type { Check } from './page.ts';
import type {
  JudgedSignature,
  Maker,
  OpenRun,
  Release,
  Remark,
  ResultLine,
  RunKind,
  RunOutcome,
  SiteFacts,
  Standing,
  UnusedValue,
  Values,
  Wait,
  Work,
  WrittenResult,
} from './site.ts';

/** What was said when the program was started. */
export type GuideOptions = {
  /** Where to; the pages ask where nothing was said and there are several. */
  readonly environment: string | null;
  /** One that neither this site nor the process has is meant all the same. */
  readonly isNewEnvironment?: boolean;
  /** The six words of the maker, as told by phone. */
  readonly words: string | null;
  /** What is wanted: `install` where nothing was said; `again` is that also where the release runs already. */
  readonly wanted: 'install' | 'again' | 'roll-back' | 'uninstall';
  /** How far it goes: to what would be asked, to the checks, or all the way. */
  readonly until: 'questions' | 'checks' | 'end';
  /** Where the result file is written, where that was said. */
  readonly resultFile: string | null;
  /** The digest of the scripts that were read and may run, as the answers say. */
  readonly approvedSet?: string | null;
  /** Nobody looks at the pages: a default that stands there was chosen by nobody. */
  readonly isUnattended?: boolean;
};

/** What is done with the release, once that is known. */
export type Way =
  | 'install'
  | 'again'
  | 'resume'
  | 'start-over'
  | 'decide'
  | 'roll-back'
  | 'uninstall'
  | 'report';

/** All that the guide has learnt so far: pages are made of it, and change nothing else. */
export type Known = {
  readonly options: GuideOptions;
  readonly facts: SiteFacts;
  readonly maker: Maker | null;
  /** The maker was believed before this start, or a person compared its words now. */
  readonly isBelieved: boolean;
  readonly release: Release | null;
  /** How the signatures of its packages were judged, once a person comes to see them. */
  readonly signatures: readonly JudgedSignature[] | null;
  /** How the release stands in each environment. */
  readonly standings: Readonly<Record<string, Standing>>;
  readonly environment: string | null;
  /** One that was named at the start and that nobody knows here: a person says whether it is to be made. */
  readonly strangeEnvironment: string | null;
  readonly way: Way | null;
  /** What was typed for inputs at this start, secrets among it. */
  readonly typed: Values;
  /** The releases, by number, whose scripts were approved at this start. */
  readonly approved: readonly string[];
  /** Pages of inputs that a person has gone on from. */
  readonly answered: readonly string[];
  /** What connection tests found with the values as they are. */
  readonly tried: Readonly<Record<string, Check>>;
  readonly checks: readonly Check[] | null;
  /** The run from before that is gone on with, started over or given up. */
  readonly deployment: string | null;
  /** What was answered otherwise than the run began that is gone on with or has been installed. */
  readonly unused: readonly UnusedValue[];
  /** What is run, once a person said that it may begin. */
  readonly work: Work | null;
  readonly outcome: RunOutcome | null;
  /** Runs that were followed at this start: what they had done until they halted was told. */
  readonly followed: readonly string[];
  readonly remark: Remark;
  /** Every line that would go home, once that was asked for. */
  readonly lines: readonly ResultLine[] | null;
  readonly resultFile: string | null;
  readonly written: WrittenResult | null;
};

/** What is known when the program starts. */
export function knownAtFirst(facts: SiteFacts, options: GuideOptions): Known {
  return {
    options,
    facts,
    maker: null,
    isBelieved: false,
    release: null,
    signatures: null,
    standings: {},
    environment: null,
    strangeEnvironment: null,
    way: null,
    typed: {},
    approved: [],
    answered: [],
    tried: {},
    checks: null,
    deployment: null,
    unused: [],
    work: null,
    outcome: null,
    followed: [],
    remark: { rating: null, comment: null, withLog: false, struck: [] },
    lines: null,
    resultFile: options.resultFile,
    written: null,
  };
}

/** How the release stands where it goes; undefined until that is known. */
export function standingOf({ environment, standings }: Known): Standing | undefined {
  return environment === null ? undefined : standings[environment];
}

/** The environment in which a run came to no end, and that run: where it goes, or else anywhere at this site. */
export function openRun(
  known: Known,
): { standing: Standing; open: NonNullable<Standing['open']> } | undefined {
  const chosen = standingOf(known);
  const standings = chosen === undefined ? Object.values(known.standings) : [chosen];
  for (const standing of standings) if (standing.open !== null) return { standing, open: standing.open };
  return undefined;
}

/** What a person is asked to decide, by the run of this start or one from before, and in which run. */
export function openWait(known: Known): { deployment: string; wait: Wait } | undefined {
  const { outcome, way } = known;
  if (outcome !== null) {
    const { deployment, wait } = outcome;
    return outcome.state === 'waiting' && wait !== null ? { deployment, wait } : undefined;
  }
  const before = way === 'decide' ? openRun(known)?.open : undefined;
  return before === undefined || before.wait === null
    ? undefined
    : { deployment: before.deployment, wait: before.wait };
}

/** `Orders 1.2.0`; only once the release is known. */
export function releaseName({ release }: Known): string {
  return release === null ? 'the release' : `${release.process} ${release.number}`;
}

/** What is done, as far as it is decided: a person said so, it was said at the start, or nothing else can be meant. */
export function wayOf(known: Known): Way | null {
  const { way, options } = known;
  if (way !== null) return way;
  const state = openRun(known)?.open.state;
  // A run that waits or is under way may be the very one that is meant: that is for a person to say.
  const isUndecided = state === 'waiting' || state === 'running';
  const { wanted } = options;
  if (wanted === 'roll-back' || wanted === 'uninstall') return isUndecided ? null : wanted;
  if (state !== undefined) return null;
  const compared = standingOf(known)?.compared;
  if (wanted === 'again' && compared === 'same') return 'again';
  return compared === 'newer' || compared === 'nothing-installed' ? 'install' : null;
}

/** What is wanted at this start, as runs are for it. */
export function wantedAtStart({ options: { wanted } }: Known): RunKind {
  return wanted === 'again' ? 'install' : wanted;
}

/** Whether a run from before is for the very thing that is wanted at this start. */
export function isWanted(known: Known, { kind, number }: OpenRun): boolean {
  const wanted = wantedAtStart(known);
  return kind === wanted && (wanted !== 'install' || number === known.release?.number);
}

/** What is done on the way that is gone: also where a run from before is gone on with or started over. */
export function aimOf(known: Known): RunKind {
  const way = wayOf(known);
  if (way === 'roll-back' || way === 'uninstall') return way;
  const isOfBefore = way === 'resume' || way === 'decide' || way === 'start-over';
  return (isOfBefore && openRun(known)?.open.kind) || 'install';
}

/** The release that is gone back to, on the way back. */
export function goneBackTo(known: Known): string {
  const of = wayOf(known) === 'roll-back' ? standingOf(known)?.previous : openRun(known)?.open;
  return of?.number ?? 'the release before';
}

/** Whether the way leads through the release, its inputs and the checks, as that of a first run does. */
export function isInstalling(known: Known): boolean {
  const way = wayOf(known);
  return way === 'install' || way === 'again' || (way === 'start-over' && aimOf(known) === 'install');
}

/** Whether the release came as a file that was started, and was not here already. */
export function isCarried({ facts }: Known): boolean {
  return facts.carried !== null;
}

/** Whether nothing was begun at this start. */
export function isBefore({ work, outcome }: Known): boolean {
  return work === null && outcome === null;
}
