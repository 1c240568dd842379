import assert from 'node:assert/strict';
import { nearest } from '../../process/index.ts';
import { alreadyEnding, endingOf, leftEnding, waitingEnding } from '../ending.ts';
import { GuideError } from '../errors.ts';
import type { Ending } from '../guide.ts';
import { askedInputs } from '../inputs.ts';
import {
  isBefore,
  isCarried,
  isInstalling,
  isWanted,
  openRun,
  openWait,
  releaseName,
  standingOf,
  wantedAtStart,
  wayOf,
  type Known,
} from '../known.ts';
import { howItStands, runInWords } from '../run-in-words.ts';
import type { Page, Said } from '../page.ts';
import { refusedScripts, scriptsToRead, unapproved } from '../scripts.ts';
import type { OpenRun, Values } from '../site.ts';
import type { Walk } from '../start-guide.ts';
import { compare, prefill } from './answered-values.ts';
import { interruptedWays, invalidAnswers, type Answers } from './answers.ts';
import { missing } from './missing-answers.ts';

/** What is said on a page in a person's place, or how it ends there. */
type Reply = Said | { readonly ending: Ending } | { readonly failure: GuideError };

export type Following = {
  readonly answers: Answers;
  /** Where values are looked for that the answers say are in the environment; the commands they name get it too. */
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/**
 * Goes through the pages in a person's place, by a file of answers: the same walk, the same checks. Nothing is made up
 * where nothing was answered: all that is missing is named at once.
 */
export async function followAnswers(walk: Walk, following: Following): Promise<Ending> {
  const { answers, environment } = following;
  const over = new AbortController();
  let isPrefilled = false;
  const used = new Set<string>();
  const follow = async (): Promise<void> => {
    for (let page = await settled(walk); page !== undefined; page = await settled(walk)) {
      const { known, trouble } = walk;
      // What keeps a page from being left is for a person to mend.
      if (trouble !== undefined)
        return walk.finish({ ...endingOf(known), text: [], exitCode: trouble.exitCode, failure: trouble });
      if (!isPrefilled && (isInstalling(known) || askedInputs(known).length > 0) && asksInputs(page)) {
        isPrefilled = true;
        const refusal = await prefill(walk, answers, { environment, signal: over.signal });
        if (over.signal.aborted) return;
        if (refusal !== undefined) return walk.finish(failed(known, refusal));
      }
      let reply = replyTo(page, walk.known, answers, used);
      if (staysAsItBegan(page, reply)) {
        await compare(walk, answers, { environment, signal: over.signal });
        if (over.signal.aborted) return;
        reply = replyTo(page, walk.known, answers, used);
      }
      if ('ending' in reply) return walk.finish(reply.ending);
      if ('failure' in reply) return walk.finish(failed(known, reply.failure));
      let isAnotherPage = false;
      const stop = walk.onChange(() => (isAnotherPage = true));
      await walk.submit(reply);
      stop();
      assert(isAnotherPage, `page ${page.id} takes no ${reply.action}`);
      const problem =
        walk.page.id === page.id ? walk.page.fields.find((field) => field.problem !== null) : undefined;
      if (problem?.problem !== undefined && problem.problem !== null)
        return walk.finish(
          failed(
            walk.known,
            refused(answers, { page: page.id, isBefore: isBefore(walk.known) }, problem.problem),
          ),
        );
    }
  };
  const ended = walk.ending.finally(() => over.abort());
  const [ending] = await Promise.all([ended, follow()]);
  return ending;
}

const asksInputs = ({ id }: Page): boolean => ['release', 'inputs', 'checks', 'summary'].includes(id);
const next: Said = { action: 'next', values: {} };

function replyTo(page: Page, known: Known, answers: Answers, used: Set<string>): Reply {
  switch (page.id) {
    case 'maker':
      if (known.isBelieved) return next;
      return answers.maker === null
        ? missing(
            answers,
            ['maker: its six words, as told by phone'],
            'Add --fingerprint "WORDS", or --trust FILE with the certificate that your security officer keeps.',
          )
        : { action: 'next', values: { words: answers.maker } };
    case 'interrupted':
      return interruptedReply(page, known, answers);
    case 'environment': {
      if (known.strangeEnvironment !== null)
        return { failure: unknownEnvironment(known.strangeEnvironment, known.release?.environments ?? []) };
      const names = Object.keys(known.standings);
      if (answers.environment === null && names.length > 1)
        return missing(answers, [`environment: one of ${names.join(', ')}`]);
      return { action: 'next', values: { environment: answers.environment ?? names[0] ?? '' } };
    }
    case 'wish':
      return wishReply(known, answers);
    case 'release':
      return releaseReply(known, answers);
    case 'summary':
      return summaryReply(known, answers);
    case 'decision':
      return decisionReply(page, known, answers, used);
    case 'result':
      return wantsResult(known, answers) ? next : { ending: endingOf(known) };
    case 'send-home':
      return { action: 'next', values: sendHome(known, answers) };
    case 'lines':
      return linesReply(known, answers);
    default:
      return next;
  }
}

/** Scripts are approved where the answers name exactly those; where nothing is said, the site's own rule decides. */
function releaseReply(known: Known, { approveScripts: said }: Answers): Reply {
  // A look looks at all that can be looked at, and says at its end what is not approved.
  if (known.options.until !== 'end') return next;
  const failure = refusedScripts(known, said?.set ?? null);
  if (failure !== undefined) return { failure };
  if (said === null || unapproved(scriptsToRead(known)).length === 0) return next;
  const { by, note } = said;
  return { action: 'approve', values: { by: by ?? known.facts.account, ...(note !== null && { note }) } };
}

/** It begins where somebody said so: by answers, or by naming what else than installing is to be done. */
function summaryReply(known: Known, answers: Answers): Reply {
  const way = wayOf(known);
  if (answers.areGiven || (way !== 'install' && way !== 'again')) return { action: 'go', values: {} };
  return missing(
    answers,
    ['whether it may begin'],
    'Nothing was changed. Say so with `--answers FILE`, a file of answers, which may be empty here; `--check` looks only.',
  );
}

function unknownEnvironment(asked: string, names: readonly string[]): GuideError {
  const meant = nearest(asked, names);
  return new GuideError(
    'PLACE_UNKNOWN',
    `Cannot install in ${asked}: neither this site nor the process has an environment of that name`,
    {
      hint: `${meant === undefined ? `There are ${names.join(', ')}.` : `Did you mean ${meant}?`} If a new one is meant, add --new-environment.`,
      details: { environment: asked, environments: names },
    },
  );
}

const waysInWords = {
  resume: 'go on',
  'start-over': 'start over',
  'roll-back': 'go back',
  uninstall: 'uninstall',
} as const;

/** What an answer means on the page, first of all itself: to start over is to do what is wanted at this start. */
function actionsFor(way: (typeof interruptedWays)[number], known: Known, open: OpenRun): readonly string[] {
  switch (way) {
    case 'resume':
      return ['decide', 'resume'];
    case 'start-over':
      if (isWanted(known, open)) return ['start-over'];
      // To go back to a release over again brings that one as well.
      return open.kind === 'roll-back' && open.number === known.release?.number
        ? [wantedAtStart(known), 'start-over']
        : [wantedAtStart(known)];
    case 'roll-back':
      return open.kind === 'roll-back' ? ['start-over'] : ['roll-back'];
    case 'leave':
      return ['leave'];
  }
}

/** Why a way that was answered is none of those that there are. */
function whyNot(known: Known, wanted: keyof typeof waysInWords, { state, number }: OpenRun): string {
  const named = known.release?.number;
  if (state === 'running') return `the last run ${howItStands[state]}`;
  if (wanted === 'roll-back') return 'there is no other release to go back to';
  if (wanted === 'uninstall') return 'its maker wrote no steps for that';
  return wanted === 'start-over' && named !== number
    ? `the last run is of ${number}, and ${named} is what was named`
    : `the last run ${howItStands[state]}`;
}

function interruptedReply(page: Page, known: Known, answers: Answers): Reply {
  const { standing, open } = openRun(known)!;
  const ways = page.actions.map(({ id }) => id);
  const said = answers.ifInterrupted;
  if (said === 'leave') return { ending: leftEnding(known) };
  const isMeant = isWanted(known, open);
  // Who wrote down what is answered to the step that is waited for has said how it goes on, of the run that is meant.
  const isAnswered = isMeant && open.wait !== null && answers.steps.has(open.wait.stepId);
  // What else than installing is wanted at this start is done without a second word.
  const wanted = wantedAtStart(known);
  const named = isMeant || wanted === 'install' ? null : wanted;
  const way = said ?? (isAnswered ? 'resume' : null);
  const meant = named === null ? (way === null ? [] : actionsFor(way, known, open)) : [named];
  const action = meant.find((one) => ways.includes(one));
  if (action !== undefined) return { action, values: {} };
  // What failed was another release, and is over.
  if (meant.length === 0 && open.state === 'failed' && ways.includes('install'))
    return { action: 'install', values: {} };
  const offered = interruptedWays.filter(
    (one) => one === 'leave' || actionsFor(one, known, open).some((id) => ways.includes(id)),
  );
  const impossible = named ?? way;
  if (impossible !== null)
    return {
      failure: new GuideError(
        'WAY_IMPOSSIBLE',
        `Cannot ${waysInWords[impossible]} in ${standing.environment}: ${whyNot(known, impossible, open)}`,
        { hint: `There are ${offered.join(', ')}.`, details: { deployment: open.deployment, ways: offered } },
      ),
    };
  const at = open.at === null ? '' : ` at ${open.at}`;
  return {
    failure: new GuideError(
      'INSTALL_INTERRUPTED',
      `Cannot go on with ${runInWords(open.kind, `${known.release?.process ?? ''} ${open.number}`)} in ${standing.environment}: the last run ${howItStands[open.state]}${at}`,
      {
        hint: `Say what becomes of it, with --if-interrupted or if-interrupted: in the answers: ${offered.join(', ')}.`,
        details: {
          deployment: open.deployment,
          state: open.state,
          at: open.at,
          done: open.done,
          ways: offered,
        },
      },
    ),
  };
}

/** Whether a file for the maker is asked for, in the answers or at the start. */
const wantsResult = ({ options }: Known, { result }: Answers): boolean =>
  result !== null || options.resultFile !== null;

function wishReply(known: Known, answers: Answers): Reply {
  const { compared, installed, environment } = standingOf(known)!;
  if (compared === 'same' && answers.ifInstalled === 'again') return { action: 'again', values: {} };
  if (compared === 'same')
    return wantsResult(known, answers) ? { action: 'report', values: {} } : { ending: alreadyEnding(known) };
  // It was named on the command line, as `deploy` takes it.
  if (!isCarried(known)) return { action: 'install', values: {} };
  return {
    failure: new GuideError(
      'INSTALLER_TOO_OLD',
      `Cannot install ${releaseName(known)} in ${environment}: ${installed?.number ?? 'a newer one'} is installed there, which is newer`,
      {
        hint: 'Start the file of the newer release; to go back to the release before, add --roll-back.',
        details: { environment, installed: installed?.number },
      },
    ),
  };
}

/** Each answer is given once for each step; a failure that nobody answered, or that came again, lets the run fail. */
function decisionReply(page: Page, known: Known, answers: Answers, used: Set<string>): Reply {
  const { wait } = openWait(known)!;
  // What was written down for what is wanted at this start is no answer to a step of another run.
  const before = isGoneOnWith(known) ? openRun(known)?.open : undefined;
  const isOfAnother = before !== undefined && !isWanted(known, before);
  const answer = isOfAnother ? undefined : answers.steps.get(wait.stepId);
  const fits = page.actions.some(({ id }) => id === answer?.answer) && !used.has(wait.stepId);
  if (answer === undefined || !fits) {
    // Nobody is there who could be asked what becomes of it.
    if (wait.for === 'failure') return { action: 'fail', values: { by: known.facts.account } };
    return { ending: waitingEnding(known) };
  }
  used.add(wait.stepId);
  const { by, note } = answer;
  return { action: answer.answer, values: { by: by ?? known.facts.account, ...(note !== null && { note }) } };
}

/** Whether a run from before is gone on with, instead of one that begins at this start. */
function isGoneOnWith({ way }: Known): boolean {
  return way === 'resume' || way === 'decide';
}

function sendHome({ options }: Known, { result }: Answers): Values {
  const file = options.resultFile ?? result?.file ?? null;
  const place: Record<string, string> = file === null ? {} : { file };
  // Where nothing is answered, what was said before stands.
  if (result === null) return place;
  const { rating, comment, log } = result;
  return { ...place, rating: rating ?? '', comment: comment ?? '', 'with-log': String(log) };
}

function linesReply(known: Known, answers: Answers): Reply {
  if (known.written !== null) return next;
  const all = known.lines ?? [];
  const numbers = (answers.result?.strike ?? []).map((id) => all.findIndex((line) => line.id === id) + 1);
  const unknown = numbers.indexOf(0);
  if (unknown >= 0)
    return {
      failure: invalidAnswers(answers.path, [
        {
          ...answers.placeOf('result', 'strike'),
          message: `there is no line ${answers.result?.strike[unknown]}`,
          hint: `Lines of this result: ${all.map(({ id }) => id).join(', ')}.`,
        },
      ]),
    };
  return { action: 'write', values: answers.result === null ? {} : { strike: numbers.join(' ') } };
}

/** Whether a run from before goes on, or what is installed stays: with the values of then, whatever is answered now. */
function staysAsItBegan({ id }: Page, reply: Reply): boolean {
  const action = 'action' in reply ? reply.action : undefined;
  if (id === 'interrupted') return action === 'resume' || action === 'decide';
  return id === 'wish' && ('ending' in reply || action === 'report');
}

/** What a page says against an answer. */
function refused(
  { path }: Answers,
  { page, isBefore }: { page: string; isBefore: boolean },
  why: string,
): GuideError {
  return new GuideError('ANSWERS_INVALID', `Cannot use answers ${path}: ${why.replace(/\.$/, '')}`, {
    hint: isBefore
      ? 'Correct the answer and start again; nothing was changed.'
      : 'Correct the answer and start again; what was done stays done.',
    details: { path, page },
  });
}

function failed(known: Known, failure: GuideError): Ending {
  return { ...endingOf(known), text: [], exitCode: failure.exitCode, failure };
}

/** The page that stands once nothing is under way any more; undefined where all is over. */
async function settled(walk: Walk): Promise<Page | undefined> {
  const { promise, resolve } = Promise.withResolvers<Page | undefined>();
  const look = (): void => {
    if (!walk.page.isBusy) resolve(walk.page);
  };
  const stop = walk.onChange(look);
  const over = (): void => resolve(undefined);
  // An end that nobody foresaw is told by whoever awaits it.
  walk.ending.then(over, over);
  look();
  const page = await promise;
  stop();
  return page?.id === 'over' ? undefined : page;
}
