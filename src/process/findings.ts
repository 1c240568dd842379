import type { Problem } from './errors.ts';
import type { Place, YamlPath, YamlSource } from './yaml-source.ts';

/** Collects the problems of a process file, each at its place in the file. */
export type Findings = {
  readonly source: YamlSource;
  readonly problems: Problem[];
  add(path: YamlPath, message: string, hint: string, of?: 'key' | 'value'): void;
};

export function findingsOf(source: YamlSource, problems: Problem[]): Findings {
  const addAt = (place: Place, message: string, hint: string): void => {
    problems.push({ line: place.line, column: place.column, message, hint });
  };
  return {
    source,
    problems,
    add: (path, message, hint, of = 'value') => addAt(source.placeOf(path, of), message, hint),
  };
}
