import { asDiskErrorOfRun } from '../disk-error.ts';
import { exitCodes, type CrossgapError } from '../errors.ts';
import { commandLine, count, span, moment } from '../words.ts';
import { GuideError } from './errors.ts';
import type { Ending } from './guide.ts';
import {
  aimOf,
  goneBackTo,
  isCarried,
  isInstalling,
  openRun,
  openWait,
  releaseName,
  standingOf,
  type Known,
} from './known.ts';
import { foldersStay, runInWords, unusedLines } from './run-in-words.ts';
import { isWayBack, refusedScripts, scriptsToRead, unapproved } from './scripts.ts';
import type { Check } from './page.ts';
import { leftOpen } from './pages/checks.ts';
import type { RunOutcome } from './site.ts';

/** How it ends when there is no page left to go to, by what was done. */
export function endingOf(known: Known): Ending {
  const { outcome, options, written } = known;
  if (outcome !== null) return endingOfRun(known, outcome);
  if (written !== null) {
    return ended(known, 'result-written', [`The result file is ${written.file}`, ...unusedLines(known)]);
  }
  if (options.until === 'checks') {
    // A person is asked about them then.
    const isAskedNow = options.isUnattended === true && (isInstalling(known) || isWayBack(known));
    const failure = isAskedNow ? refusedScripts(known, options.approvedSet ?? null) : undefined;
    const checked = ended(known, 'checked', [
      ...(known.checks ?? []).map(({ state, name, found }) => `${state.padEnd(8)} ${name}: ${found}`),
      known.checks === null ? uncheckedLine(known) : checkedLine(known, known.checks, failure),
      ...(isInstalling(known) || isWayBack(known) ? scriptLines(known) : []),
    ]);
    return failure === undefined ? checked : { ...checked, exitCode: failure.exitCode, failure };
  }
  if (options.until === 'questions') return ended(known, 'asked', []);
  return leftEnding(known);
}

/** What would be done where nothing is looked at for it. */
function uncheckedLine(known: Known): string {
  const doing = {
    install: 'The run from before would be gone on with',
    'roll-back': `It would go back to ${goneBackTo(known)}`,
    uninstall: 'It would be uninstalled',
  }[aimOf(known)];
  return `${doing}, which needs no checks. Nothing was done.`;
}

/** What the checks came to; what was not looked at is not called good. */
function checkedLine(known: Known, checks: readonly Check[], failure: GuideError | undefined): string {
  const open = leftOpen(checks);
  if (open !== null) return `${open} Nothing was installed.`;
  return failure === undefined
    ? `All checks are good: ${releaseName(known)} can be installed. Nothing was installed.`
    : 'All checks are good. Nothing was installed.';
}

/** What somebody who approves scripts has to know of them. */
function scriptLines(known: Known): string[] {
  const asked = scriptsToRead(known);
  const open = unapproved(asked).length;
  if (open === 0) return [];
  const { scripts, consent } = asked;
  return [
    known.options.approvedSet === consent.set
      ? `${count(scripts.length, 'script')}, ${open} not approved here yet; these answers approve them when it is installed`
      : `${count(scripts.length, 'script')}, ${open} not approved here; answers that approve them say approve-scripts: ${consent.set}`,
  ];
}

/** A person left, or asked to end, before anything was begun; or between a run and what comes after it. */
export function leftEnding(known: Known): Ending {
  if (known.outcome !== null) return endingOfRun(known, known.outcome);
  const { release, facts, approved } = known;
  const more = [
    ...(approved.length === 0
      ? []
      : [`That the scripts of ${approved.join(' and ')} are approved stays so.`]),
    ...(release === null || !isCarried(known)
      ? []
      : [`What was taken in is kept in ${facts.dataFolder}; start the program again to go on.`]),
  ];
  return {
    ...ended(known, 'nothing', [
      openRun(known) === undefined
        ? 'You left. Nothing was installed or changed.'
        : 'You left. The last run stays as it stands; nothing was done now.',
      ...more,
    ]),
    exitCode: exitCodes.refused,
  };
}

/** Nothing had to be done. */
export function alreadyEnding(known: Known): Ending {
  const standing = standingOf(known);
  return ended(known, 'nothing', [
    `${releaseName(known)} is installed in ${standing?.environment ?? ''} already, since ${moment(standing?.installed?.since ?? '')}. Nothing was done.`,
    ...unusedLines(known),
  ]);
}

/** A person asked to end while a run was under way, and nothing is known of how it ended. */
export function cutOffEnding(known: Known): Ending {
  const { environment } = known;
  return {
    ...ended(known, 'interrupted', []),
    exitCode: exitCodes.deploymentFailed,
    failure: new GuideError(
      'INSTALL_INTERRUPTED',
      `Cannot go on with ${releaseName(known)}: it was asked to end while it was under way`,
      { hint: howToGoOn(known), details: { environment } },
    ),
  };
}

/** Something that no page can mend. */
export function failedEnding(known: Known, failure: CrossgapError): Ending {
  return { ...ended(known, 'nothing', []), exitCode: failure.exitCode, failure };
}

/** What is done to start once more: where the release was here already, the program is no file that can be. */
function startAgain(known: Known): string {
  const { release, environment } = known;
  if (isCarried(known) || release === null) return 'start the program again';
  const named = `${release.process}/${release.number}`;
  const to = environment === null ? [] : ['--env', environment];
  return `type \`${commandLine('deploy', named, ...to, '--guided')}\` again`;
}

/** The same where a sentence begins. */
const startAgainFirst = (known: Known): string =>
  startAgain(known).replace(/^./, (first) => first.toUpperCase());

/** What the next start offers; going back only where there is something to go back to. */
function howToGoOn(known: Known): string {
  const ways = hasWayBack(known) ? 'to go on, to start over or to go back' : 'to go on or to start over';
  return `${startAgainFirst(known)}: it says where it stopped, and offers ${ways}.`;
}

/** How a run is gone on with at the next start, where nobody is asked as well. */
function nextStart(known: Known): string {
  const again = startAgain(known);
  return known.options.isUnattended === true
    ? `${again} with --if-interrupted resume`
    : `${again}, and go on`;
}

function endingOfRun(known: Known, outcome: RunOutcome): Ending {
  const { deployment, state, number, durationMs, error, at, foldersLeft } = outcome;
  const [what, kind] = [`${known.release?.process ?? ''} ${number}`, outcome.kind];
  const toDo = `${{ install: 'install', 'roll-back': 'go back to', uninstall: 'uninstall' }[kind]} ${what}`;
  const environment = standingOf(known)?.environment ?? '';
  const took = durationMs === null ? '' : ` in ${span(Math.ceil(durationMs / 1000))}`;
  const details = { deployment, environment, state, at };
  const because = error === null ? '' : `: ${error.replace(/\.$/, '')}`;
  const place = at === null || error?.includes(at) === true ? '' : ` at ${at}`;
  const failed = (did: string, failure: CrossgapError): Ending => ({
    ...ended(known, did, writtenLines(known)),
    exitCode: failure.exitCode,
    failure,
  });
  switch (state) {
    case 'succeeded': {
      const did = kind === 'uninstall' ? 'uninstalled' : kind === 'roll-back' ? 'rolled-back' : 'installed';
      const verb = { uninstalled: 'uninstalled', 'rolled-back': 'installed again', installed: 'installed' }[
        did
      ];
      const stay =
        foldersLeft.length === 0 ? [] : [`${foldersStay}:`, ...foldersLeft.map((one) => `  ${one}`)];
      const line = `${what} is ${verb} in ${environment}${took}`;
      return ended(known, did, [line, ...stay, ...writtenLines(known)]);
    }
    case 'failed':
      return failed(
        'failed',
        new GuideError('INSTALL_FAILED', `Cannot ${toDo} in ${environment}: it failed${place}${because}`, {
          hint: `Mend what is wrong and ${startAgain(known)}, with --if-interrupted start-over where nobody is asked${wayBack(known)}.`,
          details,
        }),
      );
    case 'interrupted':
      return failed(
        'interrupted',
        asDiskErrorOfRun(outcome.hindered, { deployment, next: nextStart(known) }) ??
          new GuideError(
            'INSTALL_INTERRUPTED',
            `Cannot go on with ${runInWords(kind, what)} in ${environment}: it was cut off${place}`,
            {
              hint: howToGoOn(known),
              details,
            },
          ),
      );
    case 'cancelled':
      return failed(
        'cancelled',
        new GuideError('INSTALL_CANCELLED', `Cannot ${toDo} in ${environment}: it was given up${because}`, {
          hint: `${startAgainFirst(known)} when it is wanted.`,
          details,
        }),
      );
    case 'waiting':
      return waitingEnding(known);
  }
}

/** A person has to do or decide something, and nobody is there: in a run of this start, or one from before. */
export function waitingEnding(known: Known): Ending {
  const { outcome, release } = known;
  const { deployment, wait } = openWait(known) ?? { deployment: outcome?.deployment, wait: undefined };
  const environment = standingOf(known)?.environment ?? '';
  const { kind, number } = outcome ?? openRun(known)!.open;
  const what = runInWords(kind, `${release?.process ?? ''} ${number}`);
  const asked =
    wait === undefined
      ? ''
      : wait.for === 'confirmation'
        ? `: step ${wait.step} (${wait.stepId}) is to be done and confirmed: ${wait.text}`
        : `: step ${wait.step} (${wait.stepId}) failed, ${wait.text}`;
  const failure = new GuideError(
    'INSTALL_WAITS',
    `Cannot go on with ${what} in ${environment}: it waits for a person${asked}`,
    {
      hint: `${startAgainFirst(known)} and answer, or write the answer into the answers file, below steps: under ${wait?.stepId ?? 'its id'}.`,
      details: { deployment, environment, state: 'waiting', at: outcome?.at ?? null, wait: wait ?? null },
    },
  );
  // Where nothing was run at this start, nobody has heard of it yet.
  const text = [...(outcome === null ? unusedLines(known) : []), ...writtenLines(known)];
  return { ...ended(known, 'waiting', text), exitCode: failure.exitCode, failure };
}

/** Whether there is a release to go back to; what was replaced half-way leaves one too. */
function hasWayBack(known: Known): boolean {
  const standing = standingOf(known);
  if (standing === undefined || (known.outcome?.kind ?? aimOf(known)) === 'roll-back') return false;
  const isReplaced = known.outcome === null && standing.compared === 'newer';
  return standing.previous !== null || isReplaced;
}

/** How to go back to the release before, where there is one. */
function wayBack(known: Known): string {
  if (!hasWayBack(known)) return '';
  if (isCarried(known)) return ', or with --roll-back to go back';
  const { process } = known.release!;
  return `, or go back: \`${commandLine('rollback', process, '--env', standingOf(known)!.environment)}\``;
}

function writtenLines({ written }: Known): string[] {
  if (written === null) return [];
  return [
    `The result file is ${written.file}, sealed to ${written.to}; words of this site: ${written.words}`,
  ];
}

/** What machines read; people read the text. */
function ended(known: Known, did: string, text: readonly string[]): Ending {
  const { release, environment, outcome, checks, written, remark, unused } = known;
  const struck = remark.struck.length;
  const note = written !== null && struck > 0 ? [`${count(struck, 'line')} stayed here`] : [];
  return {
    exitCode: exitCodes.done,
    document: {
      did,
      // What was run, which may be another release than the one that was started or named.
      release: release && {
        process: release.process,
        number: outcome?.number ?? release.number,
        digest: outcome?.digest ?? release.digest,
      },
      environment,
      deployment: outcome?.document ?? null,
      checks,
      unused,
      result: written,
    },
    text: [...text, ...note],
  };
}
