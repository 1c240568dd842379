import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../clock.ts';
import type { Masker } from './masking.ts';

export type LogLevel = 'verbose' | 'info' | 'highlight' | 'wait' | 'warning' | 'error';
export type LogLine = {
  readonly at: number;
  readonly place: string;
  readonly level: LogLevel;
  readonly text: string;
};

const longestLine = 16 * 1024;

/**
 * The log of a run that a person reads, `RUN/log.txt`: time, place (`2/3 Web · 10 Deploy`), level, text. Every line is masked before
 * anything else; then control and direction characters are shown as `\u001b`, so that no text can forge a line or
 * speak to a terminal, and lines are cut at 16,384 characters.
 */
export interface RunLog extends Disposable {
  write(place: string, level: LogLevel, text: string): void;
  /** Lines written within `write` reach the file at its end, all at once. */
  together(write: () => void): void;
}

export function logPath(runFolder: string): string {
  return join(runFolder, 'log.txt');
}

export function openRunLog(
  runFolder: string,
  masker: Masker,
  clock: Clock,
  report: (line: LogLine) => void,
): RunLog {
  const file = openSync(logPath(runFolder), 'a', 0o600);
  let gathered: string[] | undefined;
  let last = { at: 0, time: new Date(0).toISOString() };
  return {
    write(place, level, text) {
      const at = clock.now();
      if (last.at !== at) last = { at, time: new Date(at).toISOString() };
      const shownPlace = visible(masker.mask(place));
      const head = `${last.time}  ${shownPlace}  ${level.padEnd(9)}  `;
      for (const raw of masker.mask(text).split(/\r?\n/)) {
        const line = { at, place: shownPlace, level, text: visible(raw) };
        if (gathered === undefined) writeAll(file, `${head}${line.text}\n`);
        else gathered.push(`${head}${line.text}\n`);
        report(line);
      }
    },
    together(write) {
      if (gathered !== undefined) return write();
      gathered = [];
      try {
        write();
      } finally {
        writeAll(file, gathered.join(''));
        gathered = undefined;
      }
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

/** A line of the log as it was written; undefined for what is none. */
export function parseLogLine(line: string): LogLine | undefined {
  const found =
    /^(?<at>\S{24}) {2}(?<place>.*?) {2}(?<level>verbose|info|highlight|wait|warning|error) *(?: {2})(?<text>.*)$/.exec(
      line,
    )?.groups;
  if (found === undefined) return undefined;
  const { at, place, level, text } = found as Record<'at' | 'place' | 'level' | 'text', string>;
  return { at: Date.parse(at), place, level: level as LogLevel, text };
}

const unseen = /(?!\t)\p{Cc}|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu;

const plainText = /^[\t\x20-\x7e]*$/;

/** Text on one line, with characters that a screen obeys instead of showing written out, and not too long. */
export function visible(text: string): string {
  if (text.length <= longestLine && plainText.test(text)) return text;
  const cut = text.length > longestLine ? text.slice(0, longestLine).toWellFormed() : text;
  const shown = cut.replaceAll(unseen, (c) => String.raw`\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return cut === text ? shown : `${shown} [${text.length - longestLine} more characters]`;
}

/** Lower-case hex SHA-256 of a file of any size. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
