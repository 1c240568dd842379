import type { SymbolPath } from './parse.ts';

/** A path as it is written back where it can't be resolved: names trimmed, joined by dots, letter case as written. */
export function echoPath(path: SymbolPath): string {
  return path
    .map((step, n) => {
      if (step.kind === 'name') return n === 0 ? step.text : `.${step.text}`;
      return step.kind === 'index' ? `[${step.text}]` : `[#{${echoPath(step.path)}}]`;
    })
    .join('');
}
