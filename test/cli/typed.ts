import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterAll } from 'vitest';
import { runCommandLine } from '../../src/cli/index.ts';
import type { StartedFile } from '../../src/cli/shell/started-file.ts';

/** What came of a command line. */
export type Answer = {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The document on stdout, where there is one. */
  readonly json: unknown;
  /** The document of the error on the last line of stderr. */
  readonly error: { code: string; message: string; hint: string; details: Record<string, unknown> };
};

export type How = {
  /** What is on standard input. */
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  /** The file that is started, where one file is all of the program. */
  readonly file?: StartedFile;
  /** Called once the command has said how it can be ended. */
  readonly onEnd?: (end: () => void) => void;
  /** Called with each piece of stdout. */
  readonly onResult?: (text: string) => void;
  /** Called with each piece of stderr. */
  readonly onTalk?: (text: string) => void;
};

/** Runs a command line in this process, on real files; nothing of the program is replaced but its streams. */
export async function type(words: readonly string[], how: How = {}): Promise<Answer> {
  const { input = '', env = {}, file, onEnd = () => undefined, onResult, onTalk } = how;
  const texts = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        texts[name] += chunk.toString();
        (name === 'stdout' ? onResult : onTalk)?.(chunk.toString());
        done();
      },
    });
  const exitCode = await runCommandLine(words, {
    stdin: Readable.from(input.length === 0 ? [] : [Buffer.from(input as string)]),
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    env,
    file,
    onEnd,
  });
  return {
    exitCode,
    ...texts,
    json: parsed(texts.stdout),
    error: (parsed(texts.stderr.trimEnd().split('\n').at(-1) ?? '') as { error: Answer['error'] } | undefined)
      ?.error as Answer['error'],
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Somebody at a data folder, who types. */
export type Person = {
  readonly data: string;
  types(line: readonly string[] | string, how?: How): Promise<Answer>;
  /** The same, which must go well; its document. */
  asks<T>(line: readonly string[] | string, how?: How): Promise<T>;
};

export function personAt(data: string): Person {
  const wordsOf = (line: readonly string[] | string): readonly string[] =>
    typeof line === 'string' ? line.split(' ') : line;
  const types: Person['types'] = (line, how) => type(['--data', data, ...wordsOf(line)], how);
  return {
    data,
    types,
    async asks<T>(line: readonly string[] | string, how?: How): Promise<T> {
      const answer = await types([...wordsOf(line), '--json'], how);
      if (answer.exitCode !== 0) throw new Error(`${wordsOf(line).join(' ')}: ${answer.stderr}`);
      return answer.json as T;
    },
  };
}

/** A folder of the test file that asks for it, outside of its tests; gone when they are over. */
export function freshFolder(place = tmpdir()): string {
  const folder = mkdtempSync(join(place, 'crossgap-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
