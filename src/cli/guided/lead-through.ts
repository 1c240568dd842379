import { hostname } from 'node:os';
import {
  answersTemplate,
  followAnswers,
  inBrowser,
  inTerminal,
  interruptedWays,
  noAnswers,
  readAnswers,
  startGuide,
  tellProgress,
  type Answers,
  type Ending,
  type GuideOptions,
  type Site,
  type Told,
  type Walk,
} from '../../guide/index.ts';
import { misuse, type Context, type Outcome } from '../command.ts';
import { readGivenText, refuseTaken, writeGivenFile } from '../given/files.ts';
import type { GuideFlags } from './guide-options.ts';
import type { Terminal } from '../terminal.ts';
import { withHints } from '../shell/with-hints.ts';

const answersBytesMax = 1024 * 1024;

/** In which way a guide is gone through, as it was said. */
export type Manner = {
  readonly answers: Answers;
  readonly until: GuideOptions['until'];
  /** Where a file of answers is written to be filled in, where that is all that is wanted. */
  readonly template: string | undefined;
  readonly isInBrowser: boolean;
  readonly isPlain: boolean;
  /** Whether a person may be asked, where one is there. */
  readonly asks: boolean;
};

/** Reads how a guide is to be gone through, before anything is looked at. @throws CliError, GuideError ANSWERS_INVALID */
export function mannerOf(verb: string, flags: GuideFlags): Manner {
  const template = flags['write-answers'];
  // One that was filled in may be an hour's work.
  if (template !== undefined) refuseTaken(template);
  return {
    answers: answersOf(verb, flags.answers, flags['if-interrupted']),
    until: template !== undefined ? 'questions' : flags.check ? 'checks' : 'end',
    template,
    isInBrowser: flags.web,
    isPlain: flags.plain,
    asks: flags.answers === undefined && flags['if-interrupted'] === undefined,
  };
}

function answersOf(verb: string, path: string | undefined, ifInterrupted: string | undefined): Answers {
  const way = interruptedWays.find((one) => one === ifInterrupted);
  if (ifInterrupted !== undefined && way === undefined)
    throw misuse(
      `Cannot ${verb} with --if-interrupted ${ifInterrupted}: there is no such way`,
      `Say one of ${interruptedWays.join(', ')}.`,
    );
  const answers =
    path === undefined ? noAnswers : readAnswers(path, readGivenText(path, 'answers', answersBytesMax));
  return way === undefined ? answers : { ...answers, ifInterrupted: way };
}

export type Leading = {
  /** What stands above the pages in a browser: the file that was started, or the release and where it goes. */
  readonly what: string;
  readonly asked: Omit<GuideOptions, 'until'>;
  readonly manner: Manner;
};

/** Leads through the guide at a site: in the terminal or a browser, or by a file of answers where nobody is asked. */
export async function leadThrough(
  context: Context,
  site: Site,
  { what, asked, manner }: Leading,
): Promise<Outcome> {
  const { signal } = context;
  const { answers, until, template } = manner;
  const isAttended = manner.isInBrowser || (manner.asks && hasPerson(context.terminal));
  const approvedSet = answers.approveScripts?.set ?? null;
  const options = { ...asked, until, approvedSet, isUnattended: !isAttended };
  const walk = startGuide(withHints(site, context.hintOf), options);
  const stop = (): void => void walk.end();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (manner.isInBrowser) return outcomeOf(await browse(context, walk, what));
    const ending = isAttended
      ? await atTerminal(context, walk, manner.isPlain)
      : await unattended(context, walk, answers);
    if (template === undefined || ending.failure !== undefined) return outcomeOf(ending);
    const file = writeGivenFile(template, answersTemplate(walk.known));
    return {
      document: { did: 'asked', answers: file },
      text: [`${file} is to be filled in; then start it with --answers ${template}`],
    };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

const hasPerson = ({ asks, isWatched }: Terminal): boolean => asks && isWatched;

async function atTerminal({ terminal }: Context, walk: Walk, plain: boolean): Promise<Ending> {
  const { showGuide } = await inTerminal();
  const { screen } = terminal;
  return await showGuide(walk, { ...screen, isPlain: plain || screen.isPlain });
}

/** The same pages without anybody who looks at them; what is under way is told on stderr. */
async function unattended({ terminal, json }: Context, walk: Walk, answers: Answers): Promise<Ending> {
  const stop = tellProgress(walk, (told) => (json ? terminal.talkDocument(told) : tell(terminal, told)));
  try {
    return await followAnswers(walk, { answers, environment: process.env });
  } finally {
    stop();
  }
}

function tell(terminal: Terminal, told: Told): void {
  if ('title' in told) return terminal.talk(told.title);
  // How far something has come is for those who look at it while it goes on.
  if ('progress' in told) return;
  const { tone, text: said } = told.line;
  terminal.talk(`  ${tone === 'plain' ? said : terminal.talkTone(tone, said)}`);
}

async function browse({ terminal, signal }: Context, walk: Walk, what: string): Promise<Ending> {
  const { addressLines, serveGuide } = await inBrowser();
  const { account } = walk.known.facts;
  const machine = hostname();
  await using served = await serveGuide(walk, { host: { what, machine, account }, signal });
  for (const line of addressLines(served.url, { machine, account })) terminal.talk(line);
  return await served.ended;
}

function outcomeOf({ exitCode, document, text: lines, failure }: Ending): Outcome {
  return { document, text: lines, exitCode, ...(failure !== undefined && { failure }) };
}
