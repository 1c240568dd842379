import { readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { count, moment, size } from '../words.ts';
import type { BundleFacts } from './envelope.ts';
import { discardParts, guard } from './write-parts.ts';

/** What the sheet says of a part. */
export type SheetPart = {
  readonly part: number;
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
};

export type SheetFacts = BundleFacts & {
  /** Bytes of packages that are not inside, since the receiver has them in others. */
  readonly leftOutBytes: number;
};

/** A file that travels, as a whole. */
export type SheetFile = {
  readonly file: string;
  /** Of the whole file, where that of a part is of its content. */
  readonly sha256: string;
  /** Whether it is started at the receiver. */
  readonly isProgram: boolean;
};

/** Parts beyond this number are summed up, so that the sheet stays one page. */
const partsShown = 40;

/**
 * Writes the page that travels with a bundle, as a whole or not at all; returns its path. Each bundle in a folder has
 * its own, so that one which comes later takes nothing away from those that are there. One that says all of this already,
 * and what of a program beside the bundle, stays.
 *
 * @throws {BundleError} BUNDLE_PART_NOT_WRITTEN
 */
export async function writeTransportSheet(
  folder: string,
  facts: SheetFacts,
  parts: readonly SheetPart[],
  files: readonly SheetFile[] = [],
): Promise<string> {
  const path = join(folder, sheetName(parts));
  const text = transportSheet(facts, parts, files);
  if (await saysAll(path, text)) return path;
  const temporary = `${path}~`;
  try {
    await guard(temporary, () => writeFile(temporary, text));
    await guard(path, () => rename(temporary, path));
  } catch (error) {
    await discardParts([temporary]);
    throw error;
  }
  return path;
}

/** Whether each line stands there; what can't be read is written anew. */
async function saysAll(path: string, text: string): Promise<boolean> {
  const there = new Set((await readFile(path, 'utf8').catch(() => '')).split('\n'));
  return text.split('\n').every((line) => there.has(line));
}

/** `transport-cg000058.txt` for parts, `transport-orders-1.0.0-installer.txt` where the bundle lies in one file. */
function sheetName(parts: readonly SheetPart[]): string {
  return `transport-${basename(parts[0]!.file).replace(/^(c[g-z]\d{6,})\.\d{3}$/, '$1')}.txt`;
}

/** The sheet: for whoever carries a bundle, and can read nothing of it. */
export function transportSheet(
  facts: SheetFacts,
  parts: readonly SheetPart[],
  files: readonly SheetFile[] = [],
): string {
  const { number, from, sentAt, entries, packages, leftOutBytes } = facts;
  const receiver = facts.format === 1 ? facts.to : undefined;
  const isInside = files.some(({ file, isProgram }) => isProgram && file === parts[0]?.file);
  const lines = [
    `TRANSPORT SHEET: bundle ${number} for ${oneLine(facts.to.name)}`,
    '',
    `From:      ${oneLine(from.name)}`,
    `To:        ${oneLine(facts.to.name)}`,
    receiver === undefined
      ? '           (has not answered yet; the bundle is OPEN: who has the file can read it)'
      : `           (words of the receiver: ${oneLine(receiver.words)})`,
    `Made:      ${moment(sentAt)}`,
    `Content:   ${count(entries, 'entry', 'entries')}, ${count(packages, 'package')}, ${receiver === undefined ? 'sealed to nobody' : 'sealed to the receiver'}`,
    ...(leftOutBytes === 0
      ? []
      : [
          `Left out:  ${size(leftOutBytes)} of packages, which the receiver gave receipts for; with`,
          '           --whole the sender makes a bundle with all of it',
        ]),
    `Parts:     ${facts.parts}, together ${size(parts.reduce((sum, part) => sum + part.size, 0))}`,
    `Id:        ${facts.id}`,
    '',
    'This page is of that bundle alone; of others that lie beside it, each has a page of its own.',
    '',
    ...files.flatMap((file) => (file.isProgram ? startLines(basename(file.file)) : [])),
    ...(files.length > 0 ? digestLines(sheetName(parts), files) : []),
    ...(isInside ? insideLines(number) : partsLines(number, parts)),
  ];
  return `${lines.join('\n')}\n`;
}

function partsLines(number: number, parts: readonly SheetPart[]): string[] {
  const more = parts.length - partsShown;
  return [
    'PART  FILE          SIZE        SHORT HASH',
    ...parts.slice(0, partsShown).map(sheetLine),
    ...(more > 0 ? [`      and ${count(more, 'more part')}`] : []),
    '',
    'The names of the files do not matter: they may be renamed, copied into one folder, or',
    'lie together with those of other bundles. All parts are needed.',
    '',
    'To check on any machine, without keys:   crossgap bundle inspect FOLDER',
    'At the receiver:                         crossgap bundle import FOLDER',
    '',
    'If a part is missing or damaged: keep the others, they stay good. Tell the sender',
    `the number of the bundle (${number}) and of the part; they make that part again with`,
    `    crossgap bundle export --to LINK --bundle ${number} --part PART --out FOLDER`,
    'It is the same file, byte for byte: lay it beside the others and import the folder again.',
  ];
}

/** Of an installer there is nothing to lay beside one another. */
function insideLines(number: number): string[] {
  return [
    'The bundle is inside that file, which may be renamed and copied.',
    '',
    'To check it where crossgap is, without keys:   crossgap bundle inspect FILE',
    'At a receiver that has crossgap already:       crossgap bundle import FILE',
    '',
    'If it is damaged: copy it again. The sender makes it again, with the same crossgap byte for byte, by',
    `    crossgap bundle export --to LINK --bundle ${number} --release R --installer PLATFORM --out FOLDER`,
  ];
}

function startLines(name: string): string[] {
  const typed = name.endsWith('.exe') ? `.\\${name}` : `./${name}`;
  return [
    `Start it:  ${typed}`,
    `           ${typed} --web     the same as pages in a browser of that machine`,
    '',
  ];
}

/** Whoever changed a program could have it say that all is well, so another one is asked before it is started. */
function digestLines(sheet: string, files: readonly SheetFile[]): string[] {
  return [
    'Before anything is started, on any machine: each file must be said to be OK (it warns of the',
    'lines of this page that are none of files). On Windows: certutil -hashfile FILE SHA256',
    '',
    `    sha256sum -c ${sheet}`,
    '',
    ...files.map(({ file, sha256 }) => `${sha256}  ${basename(file)}`),
    '',
    'Compare the first digits with what the sender tells on another way than this one.',
    '',
  ];
}

function sheetLine({ part, file, size: bytes, sha256 }: SheetPart): string {
  const hash = `${sha256.slice(0, 4)} ${sha256.slice(4, 8)} ${sha256.slice(8, 12)} ${sha256.slice(12, 16)}`;
  return `${String(part).padStart(4)}  ${basename(file).padEnd(12)}  ${size(bytes).padStart(8)}    ${hash}`;
}

/** Names come from the other side; a line stays a line. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{C}+/gu, ' ');
}
