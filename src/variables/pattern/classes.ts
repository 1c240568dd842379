/** Classes of characters as .NET's regular expressions know them: UTF-16 units, one at a time. */

/** Whether a unit belongs. */
export type UnitTest = (unit: number) => boolean;

const cached = (expression: RegExp): UnitTest => {
  const ascii = Array.from({ length: 0x80 }, (_, unit) => expression.test(String.fromCharCode(unit)));
  return (unit) => (unit < 0x80 ? ascii[unit]! : expression.test(String.fromCharCode(unit)));
};

export const isWord = cached(/^[\p{L}\p{Mn}\p{Nd}\p{Pc}]$/u);
export const isDigit = cached(/^\p{Nd}$/u);
export const isSpace = cached(/^[\f\n\r\t\v\u0085\p{Z}]$/u);
/** A boundary of words also counts the joiners as part of one. */
export const isBoundaryWord: UnitTest = (unit) => isWord(unit) || unit === 0x200d || unit === 0x200c;

export const not =
  (test: UnitTest): UnitTest =>
  (unit) =>
    !test(unit);

const blocks: Readonly<Record<string, readonly [number, number]>> = {
  IsBasicLatin: [0, 0x7f],
  'IsLatin-1Supplement': [0x80, 0xff],
  'IsLatinExtended-A': [0x100, 0x17f],
  'IsLatinExtended-B': [0x180, 0x24f],
  IsGreek: [0x370, 0x3ff],
  IsGreekandCoptic: [0x370, 0x3ff],
  IsCyrillic: [0x400, 0x4ff],
  IsArmenian: [0x530, 0x58f],
  IsHebrew: [0x590, 0x5ff],
  IsArabic: [0x600, 0x6ff],
  IsDevanagari: [0x900, 0x97f],
  IsThai: [0xe00, 0xe7f],
  IsGeorgian: [0x10a0, 0x10ff],
  IsGeneralPunctuation: [0x2000, 0x206f],
  IsCurrencySymbols: [0x20a0, 0x20cf],
  IsHiragana: [0x3040, 0x309f],
  IsKatakana: [0x30a0, 0x30ff],
  IsCJKUnifiedIdeographs: [0x4e00, 0x9fff],
  IsHangulSyllables: [0xac00, 0xd7af],
  IsHighSurrogates: [0xd800, 0xdb7f],
  IsLowSurrogates: [0xdc00, 0xdfff],
  IsPrivateUse: [0xe000, 0xf8ff],
};

/** The class behind `\p{name}`, undefined where there is none. */
export function namedClass(name: string): UnitTest | undefined {
  const block = Object.hasOwn(blocks, name) ? blocks[name] : undefined;
  if (block !== undefined) return (unit) => unit >= block[0] && unit <= block[1];
  if (!/^(?:L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|C[cfson]?)$/.test(name)) return undefined;
  return cached(new RegExp(`^\\p{${name}}$`, 'u'));
}

/** A unit in the form in which it equals those that differ in case alone: its own small letter. */
export function foldUnit(unit: number): number {
  if (unit < 0x80) return unit >= 0x41 && unit <= 0x5a ? unit + 32 : unit;
  return oneUnit(String.fromCharCode(unit).toLowerCase(), unit);
}

const oneUnit = (text: string, otherwise: number): number =>
  text.length === 1 ? text.charCodeAt(0) : otherwise;

/** The class with all that differs in case alone from its members. */
export function ignoringCase(test: UnitTest): UnitTest {
  return (unit) => {
    if (test(unit)) return true;
    const small = foldUnit(unit);
    const capital = oneUnit(String.fromCharCode(unit).toUpperCase(), unit);
    return test(small) || (foldUnit(capital) === small && test(capital));
  };
}
