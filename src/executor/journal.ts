import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ExecutorError, systemCode } from './errors.ts';
import type { ConventionOutcome, ConventionState, Decision, StepState, Wait } from './plan.ts';

/**
 * A run's journal, `RUN/journal.jsonl`: one fact a line, in the order in which things happened, each on the disk
 * (fsync) before the run goes on. A fact about to happen is written before its effect, a fact done after it, so that
 * whatever ends the process, the journal tells what may have happened and what certainly did. It is the truth of a
 * run: outcomes are told from it alone, and a run goes on from it. A torn last line is what a power cut leaves; it
 * counts as not written.
 *
 * `step` counts from 1; `at` is milliseconds since 1970. Nothing in it holds a secret: texts are masked before they
 * come here, sensitive outputs are sealed.
 */
export type Fact =
  | {
      readonly kind: 'run-started';
      readonly at: number;
      readonly deployment: string;
      readonly planSha256: string;
    }
  | { readonly kind: 'run-resumed'; readonly at: number }
  | { readonly kind: 'step-started'; readonly at: number; readonly step: number; readonly attempt: number }
  /** `skipped`: the step was not meant to run; `not-run`: a failure before it keeps it from running. */
  | {
      readonly kind: 'step-skipped';
      readonly at: number;
      readonly step: number;
      readonly state: 'skipped' | 'not-run';
      readonly because: string;
    }
  /** A step can't go on without a person; once all that runs beside it has ended, so does the process. */
  | ({ readonly kind: 'waiting' } & Wait)
  /** A person has decided, or the plan did beforehand (wait 0); what follows from it comes after. */
  | ({ readonly kind: 'decided'; readonly step: number } & Decision)
  | { readonly kind: 'convention-started'; readonly at: number; readonly step: number; readonly key: string }
  /** A folder or file is about to be made or rewritten; by these marks a resumed convention knows its own work. */
  | {
      readonly kind: 'intended';
      readonly step: number;
      readonly key: string;
      readonly path: string;
      readonly mark: string;
    }
  | { readonly kind: 'folder'; readonly step: number; readonly use: FolderUse; readonly path: string }
  | {
      readonly kind: 'output';
      readonly step: number;
      readonly name: string;
      readonly value?: string;
      readonly sealed?: string;
    }
  /** A script's process lives; `mark` tells it from a later process of the same number. */
  | { readonly kind: 'process'; readonly step: number; readonly pid: number; readonly mark: string }
  | { readonly kind: 'artifact-asked'; readonly step: number; readonly name: string; readonly path: string }
  | {
      readonly kind: 'artifact';
      readonly step: number;
      /** The path that was asked for; left out in journals of older versions. */
      readonly from?: string;
      readonly name: string;
      readonly file: string;
      readonly sizeBytes: number;
      readonly sha256: string;
    }
  | {
      readonly kind: 'convention-ended';
      readonly at: number;
      readonly step: number;
      readonly key: string;
      readonly state: ConventionState;
      readonly files?: readonly string[];
      readonly detail?: string;
      readonly skipRest?: string;
      readonly error?: FactError;
    }
  | {
      readonly kind: 'step-ended';
      readonly at: number;
      readonly step: number;
      readonly state: StepState;
      readonly error?: FactError;
    }
  | {
      readonly kind: 'run-ended';
      readonly at: number;
      readonly state: 'succeeded' | 'failed' | 'cancelled';
      readonly logSha256: string;
      readonly error?: FactError;
    };

/** `extracted`: where the package lies; `installed`: the custom installation folder it was copied to. */
export type FolderUse = 'extracted' | 'installed';

/** An error as the journal keeps it, masked. */
export type FactError = {
  readonly code?: string;
  readonly message: string;
  readonly hint?: string;
  /** Of the script that failed. */
  readonly exitCode?: number;
};

/** A fact that ends a convention, with what its line of the trace shows. */
export type ConventionEnd = Pick<ConventionOutcome, 'state' | 'files' | 'detail'> & {
  /** Why the conventions after it are skipped. */
  readonly skipRest?: string;
  readonly error?: FactError;
};

export function journalPath(runFolder: string): string {
  return join(runFolder, 'journal.jsonl');
}

export interface Journal extends Disposable {
  /** Writes a fact and returns when it is on the disk; one that the disk refuses leaves nothing of its line behind. */
  append(fact: Fact): void;
}

/** Opens a run's journal for appending; a torn last line is cut off first. One that is not synced may lose facts to a power cut. */
export function openJournal(runFolder: string, isSynced = true): Journal {
  const path = journalPath(runFolder);
  const isNew = !existsSync(path);
  if (!isNew) cutTornLine(path);
  const file = openSync(path, 'a', 0o600);
  if (isNew) syncFolder(dirname(path));
  return {
    append(fact) {
      const { size } = fstatSync(file);
      try {
        writeAll(file, `${JSON.stringify(fact)}\n`);
      } catch (error) {
        // Else the next fact would end this line, and no one could read on from there.
        ftruncateSync(file, size);
        throw error;
      }
      if (isSynced) fsyncSync(file);
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

/** The facts of a run so far; empty where it has no journal. Throws `RUN_UNREADABLE` where a line is damaged. */
export function readFacts(runFolder: string): Fact[] {
  const path = journalPath(runFolder);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
  return parseFacts(text, path).facts;
}

/** The whole facts in `text` and how many of its characters they take; an unfinished last line is left out. */
export function parseFacts(text: string, path: string): { facts: Fact[]; length: number } {
  const length = text.lastIndexOf('\n') + 1;
  const lines = text.slice(0, length).split('\n').slice(0, -1);
  const facts = lines.map((line, index): Fact => {
    try {
      return JSON.parse(line) as Fact;
    } catch (cause) {
      throw new ExecutorError('RUN_UNREADABLE', `Cannot read ${path}: line ${index + 1} is damaged`, {
        hint: 'Look at the disk and its backups; start the deployment anew rather than resuming this run.',
        details: { path, line: index + 1 },
        cause,
      });
    }
  });
  return { facts, length };
}

/** A fact with every text of it masked, except what is sealed, a digest or a mark and means nothing changed. */
export function maskedFact(fact: Fact, mask: (text: string) => string): Fact {
  const asItIs = new Set([
    'kind',
    'key',
    'mark',
    'sealed',
    'sha256',
    'planSha256',
    'logSha256',
    'state',
    'for',
  ]);
  const masked = (value: unknown): unknown => {
    if (typeof value === 'string') return mask(value);
    if (Array.isArray(value)) return value.map(masked);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, asItIs.has(name) ? inner : masked(inner)]),
    );
  };
  return masked(fact) as Fact;
}

function cutTornLine(path: string): void {
  const bytes = readFileSync(path);
  const whole = bytes.lastIndexOf(0x0a) + 1;
  if (whole < bytes.length) truncateSync(path, whole);
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

/** Makes names in a folder survive a power cut; Windows keeps them by itself and knows no such call. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
