import type { Filter } from './filter.ts';
import { compile, firstMatch, type Match } from './pattern/match.ts';
import { parsePattern } from './pattern/syntax.ts';
import { workOf, type Run } from './run.ts';

/** Filters by regular expressions in .NET's syntax. Steps are work, so no pattern runs for ever. */
export const patternFilters = {
  match: (input, options, run) => {
    if (input === undefined || options.length !== 1) return undefined;
    const program = compile(parsePattern(options[0]!));
    return String(firstMatch(program, input, 0, spender(run)) !== undefined);
  },
  replace: (input, [source, replacement = ''], run) => {
    if (input === undefined || source === undefined) return undefined;
    const pattern = parsePattern(source);
    const program = compile(pattern);
    const write = readReplacement(replacement, pattern.names);
    const parts: string[] = [];
    let kept = 0;
    let length = 0;
    for (let from = 0; from <= input.length;) {
      const match = firstMatch(program, input, from, spender(run));
      if (match === undefined) break;
      const [start, end] = [match[0]!, match[1]!];
      const part = input.slice(kept, start) + write(input, match);
      parts.push(part);
      length += part.length;
      run.admit(length);
      run.work(workOf.match + part.length);
      kept = end;
      // An empty match is left behind by one, or it would be met for ever.
      from = end === start ? end + 1 : end;
    }
    return parts.join('') + input.slice(kept);
  },
} satisfies Record<string, Filter>;

const spender =
  (run: Run) =>
  (steps: number): void =>
    run.work(steps * workOf.patternStep);

type Write = (input: string, match: Match) => string;

/** `$1`, `${name}`, `$&`, `$$` and their kin in a replacement; what means nothing stands for itself. */
function readReplacement(text: string, names: ReadonlyMap<string, number>): Write {
  const group =
    (number: number): Write =>
    (input, match) =>
      match[number * 2 + 1]! < 0 ? '' : input.slice(match[number * 2]!, match[number * 2 + 1]);
  const special: Readonly<Record<string, Write>> = {
    $: () => '$',
    '&': group(0),
    '`': (input, match) => input.slice(0, match[0]!),
    "'": (input, match) => input.slice(match[1]!),
    _: (input) => input,
    '+': (input, match) => group(match.length / 2 - 1)(input, match),
  };
  const parts: Write[] = [];
  for (const [whole, numbered, named, other] of text.matchAll(
    /\$(?:(\d+)|\{(\w+)\}|([$&`'_+]))|[^$]+|\$/gu,
  ) as Iterable<readonly (string | undefined)[]>) {
    const number = names.get(numbered?.replace(/^0+(?=.)/, '') ?? named?.replace(/^0+(?=\d)/, '') ?? '');
    if (number !== undefined) parts.push(group(number));
    else if (other !== undefined) parts.push(special[other]!);
    else parts.push(() => whole!);
  }
  return (input, match) => parts.map((part) => part(input, match)).join('');
}
