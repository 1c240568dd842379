export type ChangedLine = { readonly sign: '+' | '-'; readonly text: string };

const cellsMax = 4_000_000;

/** The lines that must go from `before` and come into `after`, in order; for very long texts all between the ends. */
export function changedLines(before: string, after: string): ChangedLine[] {
  return everyLine(before, after).flatMap(({ sign, text }) => (sign === ' ' ? [] : [{ sign, text }]));
}

const contextLines = 3;

/** The same as people read it: changes with three lines around them, `@@ -7,4 +7,5 @@` before each place. */
export function unifiedLines(before: string, after: string): string[] {
  const lines = everyLine(before, after);
  const isNear = lines.map(() => false);
  for (const [at, { sign }] of lines.entries()) {
    if (sign !== ' ') isNear.fill(true, Math.max(0, at - contextLines), at + contextLines + 1);
  }
  const out: string[] = [];
  let [old, fresh] = [1, 1];
  for (const [at, { sign, text }] of lines.entries()) {
    if (isNear[at] === true) {
      if (isNear[at - 1] !== true) {
        const end = isNear.indexOf(false, at);
        const hunk = lines.slice(at, end < 0 ? undefined : end);
        const of = (other: string): number => hunk.filter((line) => line.sign !== other).length;
        out.push(`@@ -${old},${of('+')} +${fresh},${of('-')} @@`);
      }
      out.push(`${sign}${text}`);
    }
    if (sign !== '+') old += 1;
    if (sign !== '-') fresh += 1;
  }
  return out;
}

type Line = { readonly sign: '+' | '-' | ' '; readonly text: string };

function everyLine(before: string, after: string): Line[] {
  const old = linesOf(before);
  const fresh = linesOf(after);
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start += 1;
  let tail = 0;
  while (
    tail < old.length - start &&
    tail < fresh.length - start &&
    old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]
  ) {
    tail += 1;
  }
  const same = (lines: readonly string[]): Line[] => lines.map((text) => ({ sign: ' ', text }));
  const a = old.slice(start, old.length - tail);
  const b = fresh.slice(start, fresh.length - tail);
  const kept = a.length * b.length <= cellsMax ? commonPairs(a, b) : [];
  const out = same(fresh.slice(0, start));
  let [i, j] = [0, 0];
  for (const [keptA, keptB] of [...kept, [a.length, b.length] as const]) {
    for (; i < keptA; i += 1) out.push({ sign: '-', text: a[i]! });
    for (; j < keptB; j += 1) out.push({ sign: '+', text: b[j]! });
    if (j < b.length) out.push({ sign: ' ', text: b[j]! });
    i += 1;
    j += 1;
  }
  return [...out, ...same(fresh.slice(fresh.length - tail))];
}

/** The positions of a longest common subsequence, as pairs. */
export function commonPairs<Item>(a: readonly Item[], b: readonly Item[]): (readonly [number, number])[] {
  const width = b.length + 1;
  const length = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      length[i * width + j] =
        a[i] === b[j]
          ? length[(i + 1) * width + j + 1]! + 1
          : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!);
    }
  }
  const pairs: (readonly [number, number])[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      pairs.push([i, j]);
      i += 1;
      j += 1;
    } else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!) {
      i += 1;
    } else {
      j += 1;
    }
  }
  return pairs;
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
