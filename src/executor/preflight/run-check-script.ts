import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CrossgapError } from '../../errors.ts';
import { expand } from '../../variables/index.ts';
import { systemCode } from '../errors.ts';
import { Masker } from '../masking.ts';
import type { InlineScript, Plan, PlannedStep } from '../plan.ts';
import type { LogLevel } from '../run-log.ts';
import { runScript } from '../run-script.ts';
import { scriptEnvironment } from '../script-environment.ts';
import { scriptLanguages } from '../script-kinds.ts';
import { placeModules } from '../script-modules.ts';
import { scriptOutput } from '../script-output.ts';
import { evaluatedVariables } from '../step-run.ts';
import { stepVariables } from '../step-variables.ts';
import { good, lacking, note, type HostCheck } from './host-check.ts';

/** How a check script is run. */
export type CheckRun = {
  /** Values of secret inputs by name; masked in everything the script says. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly timeLimitMs?: number;
};

/** How a check script ended. */
export type CheckScriptEnd =
  /** `said` is its last line, masked; empty where it wrote nothing. */
  | { readonly ended: 'by-itself'; readonly exitCode: number; readonly said: string }
  | { readonly ended: 'time-limit'; readonly limitMs: number; readonly said: string }
  /** It was never started, or broke in our hands. */
  | { readonly ended: 'never-began'; readonly why: string };

const noteExit = 10;
const timeLimitMsUsual = 30_000;
const graceMs = 2000;
const saidLengthMax = 500;

/**
 * Runs a script that only looks: by the interpreter, environment, values and functions of any other script of the plan,
 * without input, in an empty temporary folder that is gone afterwards, for 30 seconds at most. What it sets, keeps or asks
 * for is not heeded; what it writes is read for its last line alone. Throws the reason of `signal` where that ends it.
 */
export async function runCheckScript(
  plan: Plan,
  called: string,
  script: InlineScript,
  run: CheckRun,
): Promise<CheckScriptEnd> {
  const { secrets, signal, timeLimitMs = timeLimitMsUsual } = run;
  const masker = new Masker();
  for (const value of Object.values(secrets)) masker.add(value);
  const limit = AbortSignal.timeout(timeLimitMs);
  const stop = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  const last = lastLine(masker);
  const home = emptyFolder();
  if (typeof home !== 'string') return home;
  try {
    const work = join(home, 'work');
    mkdirSync(work, { mode: 0o700 });
    const step: PlannedStep = {
      id: 'check',
      name: called,
      when: 'success',
      retriesMax: 0,
      action: { kind: 'run', script },
      properties: {},
    };
    const facts = { plan, step, position: 1, secrets, outputs: [], states: new Map(), error: undefined };
    const variables = stepVariables(facts);
    const language = scriptLanguages[script.kind];
    const { text } = expand(script.text, variables);
    const plain = language.plainUtf8 ? text.replaceAll('\r\n', '\n') : text;
    const file = join(work, `Script.${language.extension}`);
    const hasSecret = masker.holds(plain);
    if (!hasSecret) writeFileSync(file, language.plainUtf8 ? plain : `\uFEFF${plain}`, { mode: 0o600 });
    // What is told only to whoever reads a whole log, such as which interpreter this is, is nobody's reason.
    const log = (level: LogLevel, line: string): void => void (level === 'verbose' || last.take(line));
    placeModules({ variables, masker, log }, script.kind, dirname(file));
    const output = scriptOutput({
      log,
      mask: (value) => void masker.add(value),
      setOutput: () => undefined,
      keepArtifact: () => undefined,
      setState: () => undefined,
    });
    const { exitCode } = await runScript({
      language,
      file,
      body: hasSecret ? plain : undefined,
      variables: evaluatedVariables(variables),
      environment: scriptEnvironment(run.environment ?? process.env),
      scratch: join(home, 'scratch'),
      signal: stop,
      graceMs,
      onStart: () => undefined,
      onLines(stream, lines) {
        for (const line of lines) output.line(stream, line);
      },
    });
    const { resultMessage } = output.end();
    if (resultMessage !== undefined) last.take(resultMessage);
    return { ended: 'by-itself', exitCode, said: last.said() };
  } catch (error) {
    signal?.throwIfAborted();
    if (limit.aborted) return { ended: 'time-limit', limitMs: timeLimitMs, said: last.said() };
    if (error instanceof CrossgapError) return { ended: 'never-began', why: masker.mask(error.message) };
    const code = systemCode(error);
    if (code !== undefined) return noFolder(code);
    throw error;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function emptyFolder(): string | CheckScriptEnd {
  try {
    return mkdtempSync(join(realpathSync(tmpdir()), 'crossgap-check-'));
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    return noFolder(code);
  }
}

const noFolder = (code: string): CheckScriptEnd => ({
  ended: 'never-began',
  why: `there is no room for it in the folder for temporary files, ${tmpdir()} (${code})`,
});

/** The last line with anything in it; masked when it is asked for, since a script may name a secret after it wrote it. */
function lastLine(masker: Masker) {
  let line = '';
  return {
    take(text: string): void {
      const last = text.split(/\r\n|[\r\n]/).findLast((one) => one.trim() !== '');
      if (last !== undefined) line = last.trim();
    },
    said: (): string =>
      masker
        .mask(line)
        .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
        .slice(0, saidLengthMax),
  };
}

/** A check that the process brings: exit 0 is good, 10 a note, anything else lacks what its last line says. */
export async function lookByScript(
  plan: Plan,
  check: { readonly name: string; readonly hint: string | null; readonly script: InlineScript },
  run: CheckRun,
): Promise<HostCheck> {
  const { name, script } = check;
  const looked = { id: `check:${name}`, name };
  const hint = check.hint ?? 'Mend what it says, then look again.';
  const end = await runCheckScript(plan, `check ${name}`, script, run);
  if (end.ended !== 'by-itself') return lacking(looked, whyUnfinished(end), hint);
  const { exitCode, said } = end;
  if (exitCode === 0) return good(looked, said === '' ? 'good' : said);
  if (exitCode === noteExit) return note(looked, said === '' ? 'to be noted' : said, check.hint);
  return lacking(looked, said === '' ? `its script ended with exit code ${exitCode}` : said, hint);
}

/** The test of an input, with the values so far: exit 0 is good, else its last line says why not. */
export async function tryValue(
  plan: Plan,
  input: { readonly name: string; readonly label: string | null; readonly script: InlineScript },
  run: CheckRun,
): Promise<HostCheck> {
  const { name, label, script } = input;
  const looked = { id: `try:${name}`, name: label ?? name };
  const hint = 'Correct the value, or what it leads to, and try it again.';
  const end = await runCheckScript(plan, `test of input ${name}`, script, run);
  if (end.ended !== 'by-itself') return lacking(looked, whyUnfinished(end), hint);
  const { exitCode, said } = end;
  if (exitCode === 0) return good(looked, said === '' ? 'it works' : said);
  return lacking(looked, said === '' ? `its test ended with exit code ${exitCode}` : said, hint);
}

function whyUnfinished(end: Exclude<CheckScriptEnd, { ended: 'by-itself' }>): string {
  if (end.ended === 'never-began') return end.why;
  const before = end.said === '' ? '' : `; before that: ${end.said}`;
  return `it took longer than ${end.limitMs / 1000} s and was ended${before}`;
}
