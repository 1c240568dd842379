/** A regular expression in .NET's syntax to a tree. */
import { FilterRefusal } from '../filter.ts';
import {
  foldUnit,
  ignoringCase,
  isDigit,
  isSpace,
  isWord,
  namedClass,
  not,
  type UnitTest,
} from './classes.ts';

export type Assertion =
  | 'start'
  | 'line-start'
  | 'end'
  | 'before-last-line-end'
  | 'line-end'
  | 'word'
  | 'no-word'
  | 'here';
export type Node =
  | { readonly kind: 'unit'; readonly test: UnitTest }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'capture'; readonly group: number; readonly inner: Node }
  | {
      readonly kind: 'repeat';
      readonly inner: Node;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    }
  | { readonly kind: 'look'; readonly inner: Node; readonly behind: boolean; readonly negative: boolean }
  | { readonly kind: 'atomic'; readonly inner: Node }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'back'; readonly group: number; readonly ignoreCase: boolean }
  | { readonly kind: 'if'; readonly group: number; readonly yes: Node; readonly no: Node };

export type Pattern = {
  readonly root: Node;
  /** How many groups there are, the whole match among them. */
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
};

type Options = {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly n: boolean;
  readonly x: boolean;
};

const depthMax = 100;
const lengthMax = 20_000;
const endless = 2 ** 31 - 1;

/** Throws FilterRefusal where the pattern is none, or one that is not supported. */
export function parsePattern(source: string): Pattern {
  if (source.length > lengthMax) throw new FilterRefusal('its pattern is too long');
  const { names, groups, numbers } = findGroups(source);
  let at = 0;
  let depth = 0;
  let nextNumber = 0;
  let options: Options = { i: false, m: false, s: false, n: false, x: false };

  const refuse = (why: string): never => {
    throw new FilterRefusal(`its pattern is not a regular expression (${why} at ${at})`);
  };

  function choice(): Node {
    if (depth > depthMax) refuse('it is nested too deep');
    depth += 1;
    const alternatives: Node[] = [];
    let items: Node[] = [];
    const close = (): void => {
      alternatives.push(items.length === 1 ? items[0]! : { kind: 'sequence', items });
      items = [];
    };
    for (;;) {
      skipBlank();
      const unit = source[at];
      if (unit === undefined || unit === ')') break;
      if (unit === '|') {
        at += 1;
        close();
        continue;
      }
      const item = atom();
      if (item !== undefined) items.push(quantified(item));
    }
    close();
    depth -= 1;
    return alternatives.length === 1 ? alternatives[0]! : { kind: 'choice', options: alternatives };
  }

  function skipBlank(): void {
    for (;;) {
      if (source.startsWith('(?#', at)) {
        const end = source.indexOf(')', at);
        if (end < 0) refuse('a comment is not closed');
        at = end + 1;
      } else if (options.x && /^[ \t-\r]$/.test(source[at] ?? '')) at += 1;
      else if (options.x && source[at] === '#') {
        while (at < source.length && source[at] !== '\n') at += 1;
      } else return;
    }
  }

  /** One item, or undefined where it only sets options. */
  function atom(): Node | undefined {
    const unit = source[at]!;
    at += 1;
    switch (unit) {
      case '(':
        return group();
      case '[':
        return one(set());
      case '.':
        return one(options.s ? () => true : (code) => code !== 0x0a);
      case '^':
        return { kind: 'assert', what: options.m ? 'line-start' : 'start' };
      case '$':
        return { kind: 'assert', what: options.m ? 'line-end' : 'before-last-line-end' };
      case '\\':
        return escape();
      case '*':
      case '+':
      case '?':
        return refuse('a quantifier follows nothing');
      case '{':
        if (counts(at - 1) !== undefined) refuse('a quantifier follows nothing');
        return literal(0x7b);
      default:
        return literal(unit.charCodeAt(0));
    }
  }

  const one = (test: UnitTest): Node => ({ kind: 'unit', test });

  function literal(code: number): Node {
    if (!options.i) return one((unit) => unit === code);
    const folded = foldUnit(code);
    return one((unit) => foldUnit(unit) === folded);
  }

  const cased = (test: UnitTest): UnitTest => (options.i ? ignoringCase(test) : test);

  function quantified(inner: Node): Node {
    skipBlank();
    const range = quantifier();
    if (range === undefined) return inner;
    const lazy = source[at] === '?';
    if (lazy) at += 1;
    if (range[0] > range[1]) refuse('a range is the wrong way round');
    skipBlank();
    if (/^[*+?]$/.test(source[at] ?? '') || (source[at] === '{' && counts(at) !== undefined)) {
      refuse('a quantifier follows a quantifier');
    }
    return { kind: 'repeat', inner, min: range[0], max: range[1], lazy };
  }

  function quantifier(): readonly [number, number] | undefined {
    const unit = source[at];
    if (unit === '*' || unit === '+' || unit === '?') {
      at += 1;
      return [unit === '+' ? 1 : 0, unit === '?' ? 1 : endless];
    }
    const found = unit === '{' ? counts(at) : undefined;
    if (found === undefined) return undefined;
    at += found[0].length;
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === '' ? endless : Number(found[3]);
    if (min > endless || max > endless) refuse('a number is too large');
    return [min, max];
  }

  function counts(from: number): RegExpExecArray | undefined {
    return /^\{([0-9]+)(,([0-9]*))?\}/.exec(source.slice(from, from + 40)) ?? undefined;
  }

  function group(): Node | undefined {
    const outer = options;
    const finish = (node: Node): Node => {
      if (source[at] !== ')') refuse('a group is not closed');
      at += 1;
      options = outer;
      return node;
    };
    if (source[at] !== '?') {
      if (options.n) return finish(choice());
      nextNumber += 1;
      const number = numbers[nextNumber - 1]!;
      return finish({ kind: 'capture', group: number, inner: choice() });
    }
    at += 1;
    for (const [mark, behind, negative] of looks) {
      if (source.startsWith(mark, at)) {
        at += mark.length;
        return finish({ kind: 'look', inner: choice(), behind, negative });
      }
    }
    if (source[at] === '>') {
      at += 1;
      return finish({ kind: 'atomic', inner: choice() });
    }
    const name = /^(?:<(\w+)>|'(\w+)')/u.exec(source.slice(at, at + 200));
    if (name !== null) {
      at += name[0].length;
      return finish({ kind: 'capture', group: names.get((name[1] ?? name[2])!)!, inner: choice() });
    }
    if (source[at] === '(') return finish(conditional());
    const set_ = /^([imnsx]*)(?:-([imnsx]*))?([:)])/.exec(source.slice(at, at + 40));
    if (set_ === null) return refuse('a group is not recognised');
    const [whole, on, off = '', end] = set_;
    at += whole.length;
    const changed = { ...options };
    for (const letter of on!) changed[letter as keyof Options] = true;
    for (const letter of off) changed[letter as keyof Options] = false;
    options = changed;
    return end === ')' ? undefined : finish(choice());
  }

  /** `(?(1)yes|no)` by a group, else by what stands there, as a look ahead. */
  function conditional(): Node {
    const named = /^\((\w+)\)/u.exec(source.slice(at, at + 200));
    const number = named === null ? undefined : names.get(named[1]!);
    if (number === undefined) return refuse('a condition is not a group');
    at += named![0].length;
    const branches = choice();
    const [yes, no, more] = branches.kind === 'choice' ? branches.options : [branches];
    if (more !== undefined) refuse('a condition has too many branches');
    return { kind: 'if', group: number, yes: yes!, no: no ?? { kind: 'sequence', items: [] } };
  }

  function escape(): Node {
    const unit = source[at];
    if (unit === undefined) return refuse('it ends with a backslash');
    at += 1;
    switch (unit) {
      case 'b':
        return { kind: 'assert', what: 'word' };
      case 'B':
        return { kind: 'assert', what: 'no-word' };
      case 'A':
        return { kind: 'assert', what: 'start' };
      case 'Z':
        return { kind: 'assert', what: 'before-last-line-end' };
      case 'z':
        return { kind: 'assert', what: 'end' };
      case 'G':
        return { kind: 'assert', what: 'here' };
      case 'k': {
        const name = /^(?:<(\w+)>|'(\w+)'|\{(\w+)\})/u.exec(source.slice(at, at + 200));
        const number = name === null ? undefined : names.get((name[1] ?? name[2] ?? name[3])!);
        if (number === undefined) return refuse('a name is not of a group');
        at += name![0].length;
        return { kind: 'back', group: number, ignoreCase: options.i };
      }
      default: {
        const digits = /^[1-9][0-9]*/.exec(source.slice(at - 1, at + 9))?.[0];
        if (digits !== undefined && (digits.length === 1 || names.has(digits))) {
          if (!names.has(digits)) refuse('a number is not of a group');
          at += digits.length - 1;
          return { kind: 'back', group: names.get(digits)!, ignoreCase: options.i };
        }
        at -= 1;
        const test = classEscape();
        return test === undefined ? literal(unitEscape()) : one(cased(test));
      }
    }
  }

  /** The class after a backslash, undefined where it is one character. */
  function classEscape(): UnitTest | undefined {
    const unit = source[at]!;
    const test = { d: isDigit, w: isWord, s: isSpace }[unit.toLowerCase()];
    if (test !== undefined) {
      at += 1;
      return unit === unit.toLowerCase() ? test : not(test);
    }
    if (unit !== 'p' && unit !== 'P') return undefined;
    const name = /^\{([\w-]+)\}/.exec(source.slice(at + 1, at + 60));
    const named = name === null ? undefined : namedClass(name[1]!);
    if (named === undefined) return refuse('a class is not known');
    at += 1 + name![0].length;
    return unit === 'p' ? named : not(named);
  }

  /** The one character after a backslash. */
  function unitEscape(): number {
    const unit = source[at]!;
    const simple: Record<string, number> = { t: 9, n: 10, v: 11, f: 12, r: 13, a: 7, e: 27, b: 8 };
    const coded = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|c([A-Za-z@[\\\]^_])|([0-7]{1,3}))/.exec(
      source.slice(at, at + 5),
    );
    if (coded !== null) {
      at += coded[0].length;
      const [, two, four, control, octal] = coded;
      if (control !== undefined) return control.toUpperCase().charCodeAt(0) - 0x40;
      return octal === undefined ? Number.parseInt((two ?? four)!, 16) : Number.parseInt(octal, 8) & 0xff;
    }
    if (unit in simple) {
      at += 1;
      return simple[unit]!;
    }
    if (isWord(unit.charCodeAt(0))) return refuse('an escape is not recognised');
    at += 1;
    return unit.charCodeAt(0);
  }

  /** What stands between `[` and `]`; `-[...]` at its end takes away. */
  function set(): UnitTest {
    if (depth > depthMax) refuse('it is nested too deep');
    depth += 1;
    const negative = source[at] === '^';
    if (negative) at += 1;
    const tests: UnitTest[] = [];
    const ranges: (readonly [number, number])[] = [];
    let without: UnitTest | undefined;
    for (let first = true; ; first = false) {
      const unit = source[at];
      if (unit === undefined) refuse('a class is not closed');
      if (unit === ']' && !first) break;
      if (unit === '-' && source[at + 1] === '[' && !first) {
        at += 2;
        without = set();
        if (source[at] !== ']') refuse('a subtraction is not at the end of its class');
        break;
      }
      const low = member(tests);
      if (low === undefined) continue;
      if (source[at] === '-' && source[at + 1] !== ']' && source[at + 1] !== '[' && at + 1 < source.length) {
        at += 1;
        const high = member(tests);
        if (high === undefined) refuse('a range ends in a class');
        if (high! < low) refuse('a range is the wrong way round');
        ranges.push([low, high!]);
      } else ranges.push([low, low]);
    }
    at += 1;
    depth -= 1;
    const inside = cased(
      (unit) => ranges.some(([low, high]) => unit >= low && unit <= high) || tests.some((test) => test(unit)),
    );
    return (unit) => inside(unit) !== negative && !(without?.(unit) ?? false);
  }

  function member(tests: UnitTest[]): number | undefined {
    if (source[at] !== '\\') {
      at += 1;
      return source.charCodeAt(at - 1);
    }
    at += 1;
    if (at >= source.length) refuse('it ends with a backslash');
    const test = classEscape();
    if (test === undefined) return unitEscape();
    tests.push(test);
    return undefined;
  }

  const root = choice();
  if (at < source.length) refuse('a bracket is closed that was not opened');
  return { root, groups, names };
}

const looks: readonly (readonly [string, boolean, boolean])[] = [
  ['=', false, false],
  ['!', false, true],
  ['<=', true, false],
  ['<!', true, true],
];

/**
 * The groups before anything is read, since a reference may stand before its group: those without a name are counted
 * first, then those with one. `numbers` are of the groups without a name, in order.
 */
function findGroups(source: string): { names: Map<string, number>; groups: number; numbers: number[] } {
  const given: string[] = [];
  let unnamed = 0;
  let explicit = false;
  const nested: boolean[] = [];
  for (let at = 0; at < source.length; at += 1) {
    const unit = source[at];
    if (unit === '\\') at += 1;
    else if (unit === '[') at = endOfSet(source, at);
    else if (unit === ')') explicit = nested.pop() ?? explicit;
    else if (unit === '(') {
      nested.push(explicit);
      const rest = source.slice(at + 1, at + 200);
      const name = /^\?(?:<(\w+)>|'(\w+)')/u.exec(rest);
      const set = /^\?([imnsx]*)(?:-([imnsx]*))?([:)])/.exec(rest);
      if (name !== null) given.push((name[1] ?? name[2])!);
      else if (rest.startsWith('?#')) {
        const end = source.indexOf(')', at);
        at = end < 0 ? source.length : end - 1;
      } else if (set !== null) {
        explicit = set[1]!.includes('n') || (explicit && !(set[2] ?? '').includes('n'));
        if (set[3] === ')') nested[nested.length - 1] = explicit;
      } else if (!rest.startsWith('?') && !explicit) unnamed += 1;
    }
  }
  const taken = new Set(given.filter((name) => /^[0-9]+$/.test(name)).map(Number));
  const names = new Map<string, number>([['0', 0]]);
  let next = 1;
  const free = (): number => {
    while (taken.has(next)) next += 1;
    next += 1;
    return next - 1;
  };
  const numbers: number[] = [];
  for (const number of taken) {
    if (number > 10_000) throw new FilterRefusal('its pattern numbers a group too high');
    names.set(String(number), number);
  }
  for (let n = 0; n < unnamed; n += 1) {
    const number = free();
    numbers.push(number);
    names.set(String(number), number);
  }
  for (const name of given) {
    if (names.has(name)) continue;
    const number = free();
    names.set(name, number);
    names.set(String(number), number);
  }
  return { names, groups: Math.max(0, ...names.values()) + 1, numbers };
}

function endOfSet(source: string, start: number): number {
  let depth = 0;
  for (let at = start; at < source.length; at += 1) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === '[' && (at === start || source[at - 1] === '-')) {
      depth += 1;
      if (source[at + 1] === '^') at += 1;
      if (source[at + 1] === ']') at += 1;
    } else if (source[at] === ']') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return source.length;
}
