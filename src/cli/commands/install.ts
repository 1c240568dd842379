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
  type Told,
  type Walk,
} from '../../guide/index.ts';
import { openSite } from '../site/index.ts';
import { command, flag, misuse, needed, text, type Context, type Outcome } from '../command.ts';
import { readGivenText, refuseTaken, writeGivenFile } from '../files.ts';
import type { Terminal } from '../terminal.ts';

const answersBytesMax = 1024 * 1024;

export const install = command({
  path: 'install',
  about:
    'Install what an installer or a bundle brings, on a machine without a daemon: a guide leads through it',
  example: 'crossgap install orders-1.0.0-installer --answers answers.yaml --check',
  args: { FILE: needed('FILE', 'the installer, or a bundle: a file, or a folder of its parts') },
  options: {
    web: flag('show the guide in a browser on this machine instead of the terminal'),
    plain: flag('plain lines and numbers to choose by, for serial consoles and screen readers'),
    answers: text('FILE', 'go through the guide by this file of answers, and ask nobody'),
    'write-answers': text('FILE', 'write a file of answers to fill in, and end'),
    check: flag('look at everything and install nothing'),
    environment: text('E', 'where to, where there are several'),
    fingerprint: text('WORDS', "the maker's six words, as told by phone"),
    trust: text('PEM', "the maker's certificate, as your security officer keeps it"),
    name: text('NAME', 'what this site is called, at the first start (else the name of the machine)'),
    'if-interrupted': text('WHAT', `where the last run was cut off: ${interruptedWays.join(', ')}`),
    'roll-back': flag('go back to the release that ran before'),
    uninstall: flag('take it off this machine, by the steps that its maker wrote for that'),
    result: text('FILE', 'where the small file for the maker is written'),
    bundle: text('PATH', 'where the bundle lies, for a runner (else beside it)'),
  },
  async run(context, { FILE }, options): Promise<Outcome> {
    const { web, check, result, bundle, trust, environment, fingerprint } = options;
    const template = options['write-answers'];
    refuseContradictions(options);
    // One that was filled in may be an hour's work.
    if (template !== undefined) refuseTaken(template);
    const answers = answersOf(options.answers, options['if-interrupted']);
    const wanted = options['roll-back'] ? 'roll-back' : options.uninstall ? 'uninstall' : 'install';
    const asked: GuideOptions = {
      environment: environment ?? answers.environment,
      words: fingerprint ?? answers.maker,
      wanted,
      until: template !== undefined ? 'questions' : check ? 'checks' : 'end',
      resultFile: result ?? null,
    };
    const { signal } = context;
    await using site = await openSite({
      file: FILE,
      data: context.folder,
      bundle,
      name: options.name ?? answers.name ?? undefined,
      trust: trust ?? answers.certificate ?? undefined,
      signal,
    });
    const walk = startGuide(site, asked);
    const stop = (): void => void walk.end();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (web) return outcomeOf(await browse(context, walk));
      const isAsked = options.answers === undefined && options['if-interrupted'] === undefined;
      const ending =
        isAsked && hasPerson(context.terminal)
          ? await atTerminal(context, walk, options.plain)
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
  },
});

type Options = {
  readonly web: boolean;
  readonly answers: string | undefined;
  readonly 'write-answers': string | undefined;
  readonly 'roll-back': boolean;
  readonly uninstall: boolean;
  readonly fingerprint: string | undefined;
  readonly trust: string | undefined;
};

function refuseContradictions(options: Options): void {
  const pairs: readonly (readonly [keyof Options, keyof Options])[] = [
    ['roll-back', 'uninstall'],
    ['fingerprint', 'trust'],
    ['web', 'answers'],
    ['web', 'write-answers'],
  ];
  const isGiven = (name: keyof Options): boolean => options[name] !== undefined && options[name] !== false;
  const both = pairs.find((pair) => pair.every(isGiven));
  if (both === undefined) return;
  throw misuse(`Cannot install: --${both[0]} and --${both[1]} exclude one another`, 'Name one of them.');
}

function answersOf(path: string | undefined, ifInterrupted: string | undefined): Answers {
  const way = interruptedWays.find((one) => one === ifInterrupted);
  if (ifInterrupted !== undefined && way === undefined)
    throw misuse(
      `Cannot install with --if-interrupted ${ifInterrupted}: there is no such way`,
      `Say one of ${interruptedWays.join(', ')}.`,
    );
  const answers =
    path === undefined ? noAnswers : readAnswers(path, readGivenText(path, 'answers', answersBytesMax));
  return way === undefined ? answers : { ...answers, ifInterrupted: way };
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

async function browse({ terminal, signal }: Context, walk: Walk): Promise<Ending> {
  const { addressLines, serveGuide } = await inBrowser();
  const { carried, account } = walk.known.facts;
  const file = carried?.path ?? '';
  const machine = hostname();
  await using served = await serveGuide(walk, { host: { file, machine, account }, signal });
  for (const line of addressLines(served.url, { machine, account })) terminal.talk(line);
  return await served.ended;
}

function outcomeOf({ exitCode, document, text: lines, failure }: Ending): Outcome {
  return { document, text: lines, exitCode, ...(failure !== undefined && { failure }) };
}
