import { readRunning, type LogLine, type RunOutcome } from '../executor/index.ts';

/** How a line of progress went: what a script wrote to its error output is not yet a failure. */
export type ProgressTone = 'good' | 'bad' | 'warn' | 'plain';
export type SayProgress = (line: string, tone: ProgressTone) => void;

export type TellRun = (run: RunOutcome | undefined, added?: readonly LogLine[]) => void;

type Said = { readonly step: number; readonly convention: string; readonly line: LogLine };

/**
 * Says how a run goes on: each step, what its scripts write, each convention that did something, each once and in the
 * order of the run. It is told how the run stands and what was added to its log after that was read; a line of a step
 * that has not begun in the first waits for the next call. What was over when it stood as in `before` was told then, and is not told again.
 */
export function runTeller(say: SayProgress, before?: RunOutcome): TellRun {
  const said = new Set<string>((before?.steps ?? []).flatMap(keysOf));
  let waiting: readonly Said[] = [];
  const once = (key: string, line: string, tone: ProgressTone): void => {
    if (said.has(key)) return;
    said.add(key);
    say(line, tone);
  };
  const sayOutput = (belongs: (one: Said) => boolean): void => {
    for (const { line } of waiting.filter(belongs)) say(`    | ${line.text}`, outputTone(line));
    waiting = waiting.filter((one) => !belongs(one));
  };
  return (run, added = []) => {
    waiting = [...waiting, ...added.flatMap(outputOf)];
    for (const [index, step] of (run?.steps ?? []).entries()) {
      if (step.state === 'not-run' || step.state === 'skipped') continue;
      const position = index + 1;
      const name = `step ${position} ${step.name}`;
      once(begun(index), name, 'plain');
      for (const { number, name: convention, state, detail } of step.conventions) {
        sayOutput((one) => one.step === position && one.convention === String(number));
        // A step that is a script has nothing to tell but what the script wrote and how the step ended.
        if (convention === 'RunScript') continue;
        if (state !== 'done' && state !== 'failed' && state !== 'interrupted') continue;
        // Why it failed is told once, when all is over.
        const more = detail === undefined || state === 'failed' ? '' : `: ${detail}`;
        once(
          worked(step, index, { number, state }),
          `  ${String(number).padStart(3)} ${convention} ${state}${more}`,
          toneOf(state),
        );
      }
      sayOutput((one) => one.step === position);
      if (step.state !== 'running') once(ended(step, index), `${name}: ${step.state}`, toneOf(step.state));
    }
  };
}

/** One turn of telling a run that goes on meanwhile: how it stands is read before its lines are. */
export function tellTurn(tell: TellRun, runFolder: string, added: () => readonly LogLine[]): void {
  const run = readRunning(runFolder);
  tell(run, added());
}

type Step = RunOutcome['steps'][number];

const begun = (index: number): string => `${index}`;
const ended = ({ attempts, state }: Step, index: number): string => `${index} ${attempts} ${state}`;
const worked = (
  { attempts }: Step,
  index: number,
  { number, state }: Pick<Step['conventions'][number], 'number' | 'state'>,
): string => `${index} ${attempts} ${number} ${state}`;

/** All that was told of a step when it stood so. One that goes on, or may be tried again, does so under its name. */
function keysOf(step: Step, index: number): string[] {
  const done = step.conventions
    .filter(({ state }) => state === 'done' || state === 'failed')
    .map((one) => worked(step, index, one));
  switch (step.state) {
    case 'not-run':
    case 'skipped':
    case 'running':
    case 'interrupted':
      return done;
    case 'failed':
      return [...done, ended(step, index)];
    case 'succeeded':
      return [begun(index), ...done, ended(step, index)];
  }
}

/** Lines of a convention stand at `2/3 Web · 10 Deploy`; what it says of itself is verbose and told by the journal. */
function outputOf(line: LogLine): Said[] {
  const place = /^(?<step>\d+)\/\d+ .* · (?<convention>[\d.]+|F) \w/.exec(line.place)?.groups;
  if (place === undefined || line.level === 'verbose') return [];
  return [{ step: Number(place['step']), convention: place['convention']!, line }];
}

const outputTone = ({ level }: LogLine): ProgressTone =>
  level === 'error' ? 'bad' : level === 'warning' ? 'warn' : 'plain';

function toneOf(state: string): ProgressTone {
  if (state === 'succeeded') return 'good';
  return state === 'failed' || state === 'interrupted' ? 'bad' : 'plain';
}
