/**
 * One output stream of a script, bytes to lines, read in this way:
 *
 * - A byte order mark at its beginning decides for the whole stream: UTF-8, UTF-16 LE or UTF-16 BE.
 * - Without one it is UTF-8, and bytes that are none become U+FFFD.
 * - Windows tools write UTF-16 LE without a mark, between lines of others that are UTF-8: a line that holds NULs, all
 *   of them second bytes of two, and that ends in LF NUL begins such a stretch; a line without any NUL ends it.
 *
 * A line ends with LF; a CR before it doesn't belong to it. Characters and line ends may be cut anywhere.
 */
export interface ScriptLines {
  take(bytes: Buffer): string[];
  /** What is left once the stream has ended. */
  end(): string[];
  /** How many bytes were left out so far, since their lines were too long. */
  readonly leftOut: number;
}

/**
 * What comes in one line after this many bytes is left out, so that a program that never ends a line can't fill the
 * memory. It is left out rather than handed on as a line of its own, which could begin inside a secret.
 */
export const longestLineBytes = 16 * 1024 * 1024;
/** A stretch of UTF-16 without mark is looked for in lines up to here; looking means to hold and copy them. */
const longestStretchLine = 1024 * 1024;

/** How far is read on to see whether a line with NULs is UTF-16. */
const undecidedBytes = 64 * 1024;

const lineFeed = 0x0a;

export function scriptLines(): ScriptLines {
  let reader: ScriptLines | undefined;
  let first = Buffer.alloc(0);
  const begin = (isAll: boolean): ScriptLines | undefined => {
    const mark = markOf(first);
    if (mark === 'unclear' && !isAll) return undefined;
    if (mark === 'utf-16le' || mark === 'utf-16be') return markedLines(mark);
    if (mark === 'utf-8') first = first.subarray(3);
    return unmarkedLines();
  };
  return {
    take(bytes) {
      if (reader !== undefined) return reader.take(bytes);
      first = Buffer.concat([first, bytes]);
      reader = begin(false);
      return reader === undefined ? [] : reader.take(first);
    },
    end() {
      if (reader !== undefined) return reader.end();
      reader = begin(true)!;
      return [...reader.take(first), ...reader.end()];
    },
    get leftOut() {
      return reader?.leftOut ?? 0;
    },
  };
}

function markOf(bytes: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' | 'none' | 'unclear' {
  const marks = { 'utf-16le': [0xff, 0xfe], 'utf-16be': [0xfe, 0xff], 'utf-8': [0xef, 0xbb, 0xbf] } as const;
  for (const [name, mark] of Object.entries(marks)) {
    const asFar = mark.slice(0, bytes.length);
    if (!asFar.every((byte, at) => bytes[at] === byte)) continue;
    return asFar.length === mark.length ? (name as keyof typeof marks) : 'unclear';
  }
  return 'none';
}

/** A stream that began with a mark of UTF-16; the decoder takes the mark. */
function markedLines(encoding: 'utf-16le' | 'utf-16be'): ScriptLines {
  const decoder = new TextDecoder(encoding);
  let rest = '';
  let leftOut = 0;
  const keep = (text: string): void => {
    const room = Math.max(0, longestLineBytes / 2 - rest.length);
    if (text.length > room) leftOut += (text.length - room) * 2;
    rest += text.slice(0, room);
  };
  const whole = (text: string): string[] => {
    const pieces = text.split('\n');
    return pieces.flatMap((piece, index) => {
      keep(piece);
      if (index === pieces.length - 1) return [];
      const line = withoutReturn(rest);
      rest = '';
      return [line];
    });
  };
  return {
    take: (bytes) => whole(decoder.decode(bytes, { stream: true })),
    end() {
      const lines = whole(decoder.decode());
      return rest === '' ? lines : [...lines, withoutReturn(rest)];
    },
    get leftOut() {
      return leftOut;
    },
  };
}

/** UTF-8, with stretches of UTF-16 LE where they are looked for. */
function unmarkedLines(): ScriptLines {
  const held: Buffer[] = [];
  let heldBytes = 0;
  let leftOut = 0;
  let isStretch = false;
  let looksForStretches = true;

  const hold = (bytes: Buffer): void => {
    const kept = bytes.subarray(0, Math.max(0, longestLineBytes - heldBytes));
    leftOut += bytes.length - kept.length;
    if (kept.length === 0) return;
    held.push(kept);
    heldBytes += kept.length;
  };
  const withHeld = (bytes: Buffer): Buffer => {
    if (held.length === 0) return bytes;
    const all = Buffer.concat([...held, bytes]);
    held.length = 0;
    heldBytes = 0;
    return all;
  };
  /** Whole lines of nothing but UTF-8, which is nearly always so. */
  const plain = (bytes: Buffer, end: number): string[] => {
    const lines = withHeld(bytes.subarray(0, end)).toString('utf8').split('\n');
    hold(bytes.subarray(end + 1));
    return lines.map(withoutReturn);
  };
  /** Lines where NULs stand, and where what was not a whole line begins. */
  const careful = (all: Buffer, isAll: boolean): { lines: string[]; rest: number } => {
    const lines: string[] = [];
    let at = 0;
    for (;;) {
      const feed = all.indexOf(lineFeed, at);
      const isCut = feed + 1 >= all.length;
      if (feed < 0) break;
      if (!isStretch) {
        const mayBegin = looksForStretches && (feed - at) % 2 === 0 && hasWideNuls(all.subarray(at, feed));
        const end = mayBegin ? feedUnit(all, at, feed) : -1;
        // Half of the line feed may be a character's: 上 is 0A 4E.
        if (mayBegin && end < 0 && !isAll && all.length - at < undecidedBytes) break;
        isStretch = end >= 0 && hasWideNuls(all.subarray(at, end));
        if (isStretch) continue;
        lines.push(withoutReturn(all.toString('utf8', at, feed)));
        at = feed + 1;
      } else if (isCut) {
        break;
      } else if (!all.subarray(at, feed + 2).includes(0)) {
        isStretch = false;
      } else {
        const end = feedUnit(all, at, feed);
        if (end < 0 && all.length - at > longestStretchLine) looksForStretches = isStretch = false;
        if (end < 0) break;
        lines.push(withoutReturn(all.toString('utf16le', at, end)));
        at = end + 2;
      }
    }
    return { lines, rest: at };
  };
  return {
    take(bytes) {
      const end = bytes.lastIndexOf(lineFeed);
      if (end < 0 && !isStretch) {
        hold(bytes);
        return [];
      }
      const isPlain = !isStretch && (!looksForStretches || !(bytes.includes(0) || held.some(holdsNul)));
      if (isPlain) return plain(bytes, end);
      const all = withHeld(bytes);
      const { lines, rest } = careful(all, false);
      hold(all.subarray(rest));
      return lines;
    },
    end() {
      const all = withHeld(Buffer.alloc(0));
      // One byte more than there is, so that a line feed at the very end is followed by something.
      const { lines, rest } = careful(Buffer.concat([all, Buffer.from([1])]), true);
      const last = all.subarray(rest);
      if (last.length === 0) return lines;
      const isWide = holdsNul(last) && (isStretch || (last.length % 2 === 0 && hasWideNuls(last)));
      return [...lines, withoutReturn(last.toString(isWide ? 'utf16le' : 'utf8'))];
    },
    get leftOut() {
      return leftOut;
    },
  };
}

const holdsNul = (bytes: Buffer): boolean => bytes.includes(0);

/** Whether there are NULs, and all of them second bytes of two. */
function hasWideNuls(bytes: Buffer): boolean {
  let nul = bytes.indexOf(0);
  if (nul < 0) return false;
  for (; nul >= 0; nul = bytes.indexOf(0, nul + 1)) if (nul % 2 === 0) return false;
  return true;
}

/** Where the two bytes stand that end a line of UTF-16, which begins at `at`. */
function feedUnit(all: Buffer, at: number, from: number): number {
  for (let feed = from; feed >= 0; feed = all.indexOf(lineFeed, feed + 1)) {
    if ((feed - at) % 2 === 0 && all[feed + 1] === 0) return feed;
  }
  return -1;
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
