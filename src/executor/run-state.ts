import type { Clock } from '../clock.ts';
import type { Journal } from './journal.ts';
import type { Masker } from './masking.ts';
import type { Decision, Plan } from './plan.ts';
import type { RunLog } from './run-log.ts';
import type { RunSeal } from './seal.ts';

/** What the parts of one run share while it lives. */
export type RunState = {
  readonly plan: Plan;
  readonly runFolder: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly journal: Journal;
  readonly log: RunLog;
  readonly masker: Masker;
  readonly seal: RunSeal;
  readonly clock: Clock;
  /** The environment of scripts, already reduced to what they may see. */
  readonly environment: Readonly<Record<string, string>>;
  /** How long a script may take to end after it was asked to. */
  readonly graceMs: number;
  /** What persons decided about waits of this run, those it knows of already among them. */
  readonly decisions: readonly Decision[];
  /** How many bytes of artifacts the run keeps so far. */
  artifactBytes(): number;
  keptArtifact(sizeBytes: number): void;
  /** The number of one wait more. */
  nextWait(): number;
  /** Masks a value from now on; says so in the log where it is too short for that. */
  keepSecret(what: string, value: string): void;
};
