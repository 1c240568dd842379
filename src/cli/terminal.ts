import { createInterface } from 'node:readline/promises';
import { Writable, type Readable } from 'node:stream';
import { styleText } from 'node:util';
import { CliError } from './errors.ts';
import { foldLines } from '../fold-lines.ts';
import { jsonLine, printable } from '../printable.ts';

/** A value from standard input is at most this long, so that it fits an entry. */
const valueBytesMax = 64 * 1024;

/** What is known of where a stream ends, if that is a terminal. */
type Screen = { readonly isTTY?: boolean; readonly columns?: number };

/** Where a command reads from and writes to. */
export type Streams = {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & Screen;
  readonly stderr: Writable & Screen;
  readonly env: Readonly<Record<string, string | undefined>>;
};

export type Tone = 'good' | 'bad' | 'warn' | 'strong';
const styles = { good: 'green', bad: 'red', warn: 'yellow', strong: 'bold' } as const;

/** The two ends of a command: results go to `result`, everything else a person should read to `talk`. */
export type Terminal = {
  /** One or more lines on stdout. */
  readonly result: (text: string) => void;
  /** A document on stdout, one line of JSON. */
  readonly document: (document: unknown) => void;
  /** Bytes on stdout, as they are. */
  readonly bytes: (bytes: Uint8Array) => void;
  /** The same on stderr. */
  readonly talkDocument: (document: unknown) => void;
  /** One or more lines on stderr. */
  readonly talk: (text: string) => void;
  /** Coloured where stdout is a terminal and nobody said NO_COLOR. */
  readonly tone: (tone: Tone, text: string) => string;
  /** The same for stderr. */
  readonly talkTone: (tone: Tone, text: string) => string;
  /** How wide the terminal behind stdout is; undefined where there is none, and lines are as long as they are. */
  readonly columns: number | undefined;
  /** Whether a person reads what is talked, rather than a file or another program. */
  readonly isWatched: boolean;
  /** Whether a person can be asked. */
  readonly asks: boolean;
  /** Asks a person; a hidden answer is not shown. Only where `asks`. */
  readonly ask: (question: string, hidden: boolean) => Promise<string>;
  /** A value: asked for where a person sits there, else all of stdin but one line end. @throws CliError VALUE_MISSING, VALUE_UNFIT */
  readonly readValue: (what: string, hidden: boolean) => Promise<string>;
  /** Both ends as they are, for what draws itself; `isPlain` where the terminal or a person asks for plain lines. */
  readonly screen: {
    readonly input: Streams['stdin'];
    readonly output: Streams['stderr'];
    readonly isPlain: boolean;
    readonly hasColour: boolean;
  };
  /** All of stdin as it is, at most `bytesMax`. @throws CliError VALUE_MISSING, VALUE_UNFIT */
  readonly readBytes: (what: string, bytesMax: number) => Promise<Buffer>;
};

export function terminal({ stdin, stdout, stderr, env }: Streams): Terminal {
  const plain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  const toned = (stream: { readonly isTTY?: boolean }) => (tone: Tone, text: string) =>
    stream.isTTY === true && !plain ? styleText(styles[tone], text, { validateStream: false }) : text;
  const line = (stream: Writable, text: string): void => {
    stream.write(text.endsWith('\n') ? text : `${text}\n`);
  };
  const folded = (stream: Writable & Screen, text: string): void => {
    const columns = columnsOf(stream);
    line(stream, columns === undefined ? printable(text) : foldLines(printable(text), columns));
  };
  const asks = stdin.isTTY === true;
  const ask = (question: string, hidden: boolean): Promise<string> =>
    askOnce(stdin, stderr, printable(question), hidden);
  return {
    result: (text) => folded(stdout, text),
    document: (document) => line(stdout, jsonLine(document)),
    bytes: (bytes) => void stdout.write(bytes),
    talkDocument: (document) => line(stderr, jsonLine(document)),
    talk: (text) => folded(stderr, text),
    tone: toned(stdout),
    talkTone: toned(stderr),
    columns: columnsOf(stdout),
    isWatched: stderr.isTTY === true,
    asks,
    ask,
    readValue: (what, hidden) => (asks ? ask(`${what}: `, hidden) : readWhole(stdin, what)),
    screen: { input: stdin, output: stderr, isPlain: takesPlainLines(env), hasColour: !plain },
    readBytes: (what, bytesMax) => readAll(stdin, what, bytesMax),
  };
}

/** Whether a terminal says of itself, or a person of it, that no cursor is to be moved: a serial console, a screen reader. */
function takesPlainLines({ TERM: kind, ACCESSIBLE: accessible }: Streams['env']): boolean {
  return kind === 'dumb' || kind === 'unknown' || !/^(?:|0|false)$/i.test(accessible ?? '');
}

/** Narrower than this no words fit, and nothing is folded. */
const columnsMin = 40;

function columnsOf({ isTTY, columns }: Screen): number | undefined {
  return isTTY === true && columns !== undefined && columns >= columnsMin ? columns : undefined;
}

async function askOnce(
  input: Readable,
  output: Writable,
  question: string,
  hidden: boolean,
): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const stop = new AbortController();
  const lines = createInterface({ input, output: hidden ? silent : output, terminal: true });
  lines.on('SIGINT', () => stop.abort());
  lines.on('close', () => stop.abort());
  if (hidden) output.write(question);
  try {
    // The line is drawn anew with every key: it must know its question, or it wipes it away.
    return await lines.question(hidden ? '' : question, { signal: stop.signal });
  } catch (cause) {
    throw new CliError('VALUE_MISSING', `Cannot read ${question.replace(/: $/, '')}: nothing was typed`, {
      hint: 'Run the command again and type it, or give it on standard input.',
      cause,
    });
  } finally {
    lines.close();
    if (hidden) output.write('\n');
  }
}

async function readAll(input: Readable, what: string, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of input as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(piece as string);
    pieces.push(bytes);
    length += bytes.length;
    if (length > bytesMax) {
      throw new CliError('VALUE_UNFIT', `Cannot take ${what}: it is longer than ${bytesMax} bytes`, {
        hint: 'Give a shorter value; what is large belongs into a package or a file on the host.',
      });
    }
  }
  if (length === 0) {
    throw new CliError('VALUE_MISSING', `Cannot read ${what}: nothing came on standard input`, {
      hint: "Pipe it in, for example: printf '%s' VALUE | crossgap …, or run the command at a terminal.",
    });
  }
  return Buffer.concat(pieces);
}

async function readWhole(input: Readable, what: string): Promise<string> {
  const bytes = await readAll(input, what, valueBytesMax);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\r?\n$/, '');
  } catch (cause) {
    throw new CliError('VALUE_UNFIT', `Cannot take ${what}: it is not UTF-8 text`, {
      hint: 'Give it as UTF-8.',
      cause,
    });
  }
}
