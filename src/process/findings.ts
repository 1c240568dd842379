import type { Problem } from './errors.ts';
import type { Place, YamlPath, YamlSource } from './yaml-source.ts';

/** What a text holds that can't be evaluated yet, with its place in that text; the variables room knows. */
export type UnsupportedIn = (text: string) => readonly {
  readonly token: string;
  readonly line: number;
  readonly column: number;
  readonly what: string;
}[];

/** Collects the problems of a process file, each at its place in the file. */
export type Findings = {
  readonly source: YamlSource;
  readonly problems: Problem[];
  add(path: YamlPath, message: string, hint: string, of?: 'key' | 'value'): void;
  /** Refuses template constructs that this version can't evaluate; `whole` is a text that is not in the file. */
  checkTemplate(path: YamlPath, text: string, beside?: string): void;
};

export function findingsOf(source: YamlSource, problems: Problem[], unsupportedIn: UnsupportedIn): Findings {
  const addAt = (place: Place, message: string, hint: string): void => {
    problems.push({ line: place.line, column: place.column, message, hint });
  };
  return {
    source,
    problems,
    add: (path, message, hint, of = 'value') => addAt(source.placeOf(path, of), message, hint),
    checkTemplate: (path, text, beside) => {
      for (const { token, line, column, what } of unsupportedIn(text)) {
        const where = beside === undefined ? '' : ` (line ${line}, column ${column} of ${beside})`;
        addAt(
          beside === undefined ? source.placeInText(path, { line, column }) : source.placeOf(path),
          `this version can't evaluate ${what} yet: ${token}${where}`,
          'Work the value out in the script or in a variable of its own; ##{ writes the text #{ as it stands.',
        );
      }
    },
  };
}
