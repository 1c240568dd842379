/**
 * Matching with a bound. A pattern becomes a program whose ways back are kept on a list, not on the stack; every step
 * is counted, so a pattern that would try for ever ends in a refusal, the same on each machine.
 */
import { foldUnit, isBoundaryWord, type UnitTest } from './classes.ts';
import type { Assertion, Node, Pattern } from './syntax.ts';

type Step =
  | { readonly op: 'unit'; readonly test: UnitTest; readonly back: boolean }
  | {
      readonly op: 'run';
      readonly test: UnitTest;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
      readonly back: boolean;
    }
  | { readonly op: 'choose'; readonly first: number; readonly second: number }
  | { readonly op: 'jump'; readonly to: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'begin'; readonly count: number }
  | {
      readonly op: 'loop';
      readonly count: number;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
      readonly body: number;
      readonly exit: number;
    }
  | { readonly op: 'sub'; readonly program: number; readonly negative: boolean; readonly moves: boolean }
  | { readonly op: 'assert'; readonly what: Assertion }
  | { readonly op: 'same'; readonly group: number; readonly ignoreCase: boolean; readonly back: boolean }
  | { readonly op: 'if'; readonly group: number; readonly no: number }
  | { readonly op: 'end' };

export type Program = { readonly steps: readonly Step[]; readonly groups: number; readonly slots: number };

/** Where each group of a match begins and ends, by two numbers each; -1 where it took no part. */
export type Match = Int32Array;

export function compile({ root, groups }: Pattern): Program {
  const steps: Step[] = [];
  let slots = groups * 2;

  const later = (): number => steps.push({ op: 'end' }) - 1;

  function emit(node: Node, back: boolean): void {
    switch (node.kind) {
      case 'unit':
        steps.push({ op: 'unit', test: node.test, back });
        break;
      case 'sequence':
        for (const item of back ? node.items.toReversed() : node.items) emit(item, back);
        break;
      case 'choice':
        emitChoice(node.options, back);
        break;
      case 'capture': {
        const [open, close] = [node.group * 2, node.group * 2 + 1];
        steps.push({ op: 'save', slot: back ? close : open });
        emit(node.inner, back);
        steps.push({ op: 'save', slot: back ? open : close });
        break;
      }
      case 'repeat':
        emitRepeat(node, back);
        break;
      case 'look':
      case 'atomic': {
        const at = later();
        const skip = later();
        const program = steps.length;
        emit(node.inner, node.kind === 'look' ? node.behind : back);
        steps.push({ op: 'end' });
        const negative = node.kind === 'look' && node.negative;
        steps[at] = { op: 'sub', program, negative, moves: node.kind === 'atomic' };
        steps[skip] = { op: 'jump', to: steps.length };
        break;
      }
      case 'assert':
        steps.push({ op: 'assert', what: node.what });
        break;
      case 'back':
        steps.push({ op: 'same', group: node.group, ignoreCase: node.ignoreCase, back });
        break;
      case 'if': {
        const at = later();
        emit(node.yes, back);
        const over = later();
        steps[at] = { op: 'if', group: node.group, no: steps.length };
        emit(node.no, back);
        steps[over] = { op: 'jump', to: steps.length };
        break;
      }
    }
  }

  function emitChoice(options: readonly Node[], back: boolean): void {
    const ends: number[] = [];
    for (const [n, option] of options.entries()) {
      if (n === options.length - 1) {
        emit(option, back);
        break;
      }
      const at = later();
      emit(option, back);
      ends.push(later());
      steps[at] = { op: 'choose', first: at + 1, second: steps.length };
    }
    for (const end of ends) steps[end] = { op: 'jump', to: steps.length };
  }

  function emitRepeat({ inner, min, max, lazy }: Extract<Node, { kind: 'repeat' }>, back: boolean): void {
    if (inner.kind === 'unit') {
      steps.push({ op: 'run', test: inner.test, min, max, lazy, back });
      return;
    }
    // One slot counts the turns, the next holds where the last one began.
    const count = slots;
    slots += 2;
    steps.push({ op: 'begin', count });
    const head = later();
    emit(inner, back);
    steps.push({ op: 'jump', to: head });
    steps[head] = { op: 'loop', count, min, max, lazy, body: head + 1, exit: steps.length };
  }

  steps.push({ op: 'save', slot: 0 });
  emit(root, false);
  steps.push({ op: 'save', slot: 1 }, { op: 'end' });
  return { steps, groups, slots };
}

/** Steps that a way back may be kept for. */
const waysMax = 4_000_000;

const ways = { try: 0, restore: 1, fewer: 2, more: 3, enter: 4, all: 5 } as const;

/**
 * The first match in `text` that begins at `from` or later, undefined where there is none. `spend` is called with the
 * steps that were done, and ends the search by throwing.
 */
export function firstMatch(
  program: Program,
  text: string,
  from: number,
  spend: (steps: number) => void,
): Match | undefined {
  const { steps, groups, slots } = program;
  const state = new Int32Array(slots).fill(-1);
  const back: number[] = [];
  const copies: Int32Array[] = [];
  let done = 0;
  const [first] = [steps[1]];
  const lead = first?.op === 'unit' ? first.test : undefined;

  const count = (): void => {
    done += 1;
    if (done >= 4096) {
      spend(done);
      done = 0;
      if (back.length > waysMax) spend(Infinity);
    }
  };

  const set = (slot: number, value: number): void => {
    back.push(ways.restore, slot, state[slot]!, 0);
    state[slot] = value;
  };

  /** Runs from a step and a position to the end of the (part of the) program; where it ends, or -1. */
  function run(start: number, begin: number): number {
    const base = back.length;
    let pc = start;
    let at = begin;
    for (;;) {
      count();
      const step = steps[pc]!;
      let holds = true;
      switch (step.op) {
        case 'unit': {
          const place = step.back ? at - 1 : at;
          holds = place >= 0 && place < text.length && step.test(text.charCodeAt(place));
          at = step.back ? place : at + 1;
          pc += 1;
          break;
        }
        case 'run': {
          const move = step.back ? -1 : 1;
          const most = Math.min(step.max, step.back ? at : text.length - at);
          const wanted = step.lazy ? Math.min(step.min, most) : most;
          let taken = 0;
          while (taken < wanted && step.test(text.charCodeAt(step.back ? at - taken - 1 : at + taken))) {
            taken += 1;
            count();
          }
          holds = taken >= step.min;
          if (!holds) break;
          if (step.lazy ? most > taken : taken > step.min) {
            back.push(step.lazy ? ways.more : ways.fewer, pc, at, taken);
          }
          at += move * taken;
          pc += 1;
          break;
        }
        case 'choose':
          back.push(ways.try, step.second, at, 0);
          pc = step.first;
          break;
        case 'jump':
          pc = step.to;
          break;
        case 'save':
          set(step.slot, at);
          pc += 1;
          break;
        case 'begin':
          set(step.count, 0);
          set(step.count + 1, -1);
          pc += 1;
          break;
        case 'loop': {
          const turns = state[step.count]!;
          const stuck = turns > step.min && state[step.count + 1] === at;
          if (turns < step.min || (!stuck && turns < step.max && !step.lazy)) {
            if (turns >= step.min) back.push(ways.try, step.exit, at, 0);
            set(step.count, turns + 1);
            set(step.count + 1, at);
            pc = step.body;
          } else {
            if (!stuck && turns < step.max) back.push(ways.enter, pc, at, 0);
            pc = step.exit;
          }
          break;
        }
        case 'sub': {
          const kept = state.slice();
          const size = back.length;
          const end = run(step.program, at);
          back.length = size;
          holds = end >= 0 !== step.negative;
          if (step.negative || end < 0) state.set(kept);
          else {
            copies.push(kept);
            back.push(ways.all, copies.length - 1, 0, 0);
            if (step.moves) at = end;
          }
          pc += 1;
          break;
        }
        case 'assert':
          holds = asserted(step.what, text, at, from);
          pc += 1;
          break;
        case 'same': {
          const [start_, end] = [state[step.group * 2]!, state[step.group * 2 + 1]!];
          const length = end - start_;
          const place = step.back ? at - length : at;
          holds = start_ >= 0 && end >= 0 && place >= 0 && place + length <= text.length;
          for (let n = 0; holds && n < length; n += 1) {
            count();
            const [a, b] = [text.charCodeAt(start_ + n), text.charCodeAt(place + n)];
            holds = a === b || (step.ignoreCase && foldUnit(a) === foldUnit(b));
          }
          at = step.back ? place : at + length;
          pc += 1;
          break;
        }
        case 'if':
          pc = state[step.group * 2 + 1]! >= 0 ? pc + 1 : step.no;
          break;
        case 'end':
          return at;
      }
      if (holds) continue;
      // Back to the last place where there was another way.
      for (;;) {
        if (back.length === base) return -1;
        count();
        const extra = back.pop()!;
        const place = back.pop()!;
        const where = back.pop()!;
        const way = back.pop()!;
        if (way === ways.restore) {
          state[where] = place;
          continue;
        }
        if (way === ways.all) {
          state.set(copies[where]!);
          copies.length = where;
          continue;
        }
        const again = steps[where]!;
        if (way === ways.fewer && again.op === 'run') {
          const taken = extra - 1;
          if (taken > again.min) back.push(way, where, place, taken);
          at = again.back ? place - taken : place + taken;
          pc = where + 1;
        } else if (way === ways.more && again.op === 'run') {
          const next = again.back ? place - extra - 1 : place + extra;
          if (!again.test(text.charCodeAt(next))) continue;
          const taken = extra + 1;
          const most = Math.min(again.max, again.back ? place : text.length - place);
          if (taken < most) back.push(way, where, place, taken);
          at = again.back ? place - taken : place + taken;
          pc = where + 1;
        } else if (way === ways.enter && again.op === 'loop') {
          set(again.count, state[again.count]! + 1);
          set(again.count + 1, place);
          at = place;
          pc = again.body;
        } else {
          at = place;
          pc = where;
        }
        break;
      }
    }
  }

  for (let at = from; at <= text.length; at += 1) {
    if (lead !== undefined && (at === text.length || !lead(text.charCodeAt(at)))) {
      count();
      continue;
    }
    state.fill(-1);
    back.length = 0;
    copies.length = 0;
    if (run(0, at) >= 0) {
      spend(done);
      return state.slice(0, groups * 2);
    }
  }
  spend(done);
  return undefined;
}

function asserted(what: Assertion, text: string, at: number, from: number): boolean {
  switch (what) {
    case 'start':
      return at === 0;
    case 'line-start':
      return at === 0 || text[at - 1] === '\n';
    case 'end':
      return at === text.length;
    case 'before-last-line-end':
      return at === text.length || (at === text.length - 1 && text[at] === '\n');
    case 'line-end':
      return at === text.length || text[at] === '\n';
    case 'here':
      return at === from;
    case 'word':
    case 'no-word': {
      const before = at > 0 && isBoundaryWord(text.charCodeAt(at - 1));
      const after = at < text.length && isBoundaryWord(text.charCodeAt(at));
      return (before !== after) === (what === 'word');
    }
  }
}
