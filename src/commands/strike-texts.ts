import type { DeploymentReport } from '../events/index.ts';

/** What stands where a text of several was. */
export const struckText = '(struck out)';

/**
 * Shorter than this a text is only found where it is a whole line: `exit 1` or a brace stands in many. And what takes the
 * place of a text is no longer than it.
 */
const tellingLength = struckText.length;

/**
 * A report without these texts wherever else they stand: an error is told by the run, its step and its convention, and
 * most often a script wrote it too. Who strikes it out at one place means all of them. Pure.
 */
export function withoutTexts(report: DeploymentReport, texts: readonly string[]): DeploymentReport {
  const lines = new Set(texts.flatMap(linesOf));
  if (lines.size === 0) return report;
  // The longest first: what stands within another goes with it.
  const longestFirst = [...lines].toSorted((a, b) => b.length - a.length);
  const strike = (text: string): string => text.split('\n').map(struckLine(longestFirst)).join('\n');
  const strikeIf = (text: string | null): string | null => (text === null ? null : strike(text));
  return {
    ...report,
    error: strikeIf(report.error),
    steps: report.steps.map((step) => ({
      ...step,
      error: strikeIf(step.error),
      conventions: step.conventions.map((line) => ({ ...line, detail: strikeIf(line.detail) })),
    })),
    lastLines: report.lastLines.map(strike),
  };
}

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && line !== struckText);

const struckLine =
  (texts: readonly string[]) =>
  (line: string): string => {
    const own = line.trim();
    const isTold = texts.some((text) => text === own || (own.length >= tellingLength && text.includes(own)));
    if (isTold) return struckText;
    return texts
      .filter(({ length }) => length >= tellingLength)
      .reduce((left, text) => left.replaceAll(text, struckText), line);
  };
