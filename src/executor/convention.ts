import type { VariableSet } from '../variables/index.ts';
import type { Disk } from './disk.ts';
import type { FolderUse } from './journal.ts';
import type { Masker } from './masking.ts';
import type { ConventionState, PackageAction, Plan, PlannedStep, ScriptKind } from './plan.ts';
import type { LogLevel } from './run-log.ts';

/** One of the numbered things done to an extracted package. */
export type Convention = {
  readonly number: number | 'F';
  /** Two conventions share a number where Octopus counts them as one; the journal knows each by its key. */
  readonly key: string;
  readonly name: string;
  /** Reads the part of the program that does its work; at once where it was read before. */
  readonly load: () => Promise<ConventionWork>;
};

/** Does the work of a convention and says how it went; throws a CrossgapError where it fails. */
export type ConventionWork = (work: Work) => Promise<Done>;

export type Done = {
  readonly state: Extract<ConventionState, 'done' | 'nothing-to-do' | 'feature-off'>;
  /** Relative to the folder it worked in; the journal keeps the first thousand. */
  readonly files?: readonly string[];
  readonly detail?: string;
  /** Ends the step here, well, and says why: the conventions that follow are skipped. */
  readonly skipRest?: string;
};

/** What a convention may know and do: the world of one step, and nothing of the run around it. */
export type Work = {
  readonly plan: Plan;
  readonly step: PlannedStep;
  readonly variables: VariableSet;
  readonly masker: Masker;
  /** Aborts at the step's time limit or when the run is cancelled; its reason is what to throw. */
  readonly signal: AbortSignal;
  /** A folder for what lives no longer than the step: bootstrap files, half an extraction's name. */
  readonly scratch: string;
  /** A folder for what puts a machine back as it was: it lasts until the step's attempt ends, whatever interrupts it. Undefined in a plan, which changes nothing. */
  readonly kept: string | undefined;
  readonly log: (level: LogLevel, text: string) => void;
  /** The files of the application, and those beside it. */
  readonly disk: Disk;
  /** Says what is worth knowing beside the trace: a plan and a look into a package tell it. */
  readonly remark: (remark: Remark) => void;
  /** The folder that earlier conventions of this attempt made known, undefined where none did. */
  folder(use: FolderUse): string | undefined;
  /** Makes a folder known: to later conventions, to variables, and to a resumed run. */
  setFolder(use: FolderUse, path: string): void;
  /** Sets an output variable, in force at once and for later steps. */
  setOutput(name: string, value: string, sensitive: boolean): void;
  /** Writes down, before it happens, that `path` is about to be changed; `mark` is how to know the change again. */
  intend(path: string, mark: string): void;
  /** The mark last intended for `path` by this convention, in this attempt or the one it continues. */
  intended(path: string): string | undefined;
  /** Every path with an intention of this convention, with its mark. */
  intentions(): ReadonlyMap<string, string>;
  /** A digest by which bytes are known again, useless to anyone without the run's key. */
  digest(bytes: Uint8Array): string;
  /** Runs a script as `script-steps` describes; throws where it fails. */
  runScript(script: ScriptToRun): Promise<void>;
};

/** What a convention found that its line of the trace has no place for. */
export type Remark =
  /** Tokens that stay as they are written, since nothing gives them a value. */
  | { readonly kind: 'no-value'; readonly where: string; readonly tokens: readonly string[] }
  /** A path or glob that means no file. */
  | {
      readonly kind: 'no-file';
      readonly feature: 'substitute-in-files' | 'structured-variables';
      readonly pattern: string;
    }
  | { readonly kind: 'transformed'; readonly target: string; readonly by: readonly string[] }
  /** A written rule that no file meets. */
  | { readonly kind: 'rule-unused'; readonly rule: string }
  /** A script that would be run, and those beside it that would not. */
  | {
      readonly kind: 'script';
      readonly script: string;
      readonly from: 'process' | 'package';
      /** Undefined where nothing here can run it. */
      readonly language: ScriptKind | undefined;
      readonly rather: readonly string[];
    }
  | { readonly kind: 'warning'; readonly text: string };

export type ScriptToRun = {
  readonly kind: ScriptKind;
  /** Absolute path of the script, in the folder it runs in. */
  readonly file: string;
  /** Its text where that must not be on the disk. */
  readonly body?: string;
  /** How messages call it: `Deploy.sh`, `the script`. */
  readonly shownAs: string;
  /** A feature's own script, which is never failed by what it writes to its error output. */
  readonly ofFeature?: true;
};

/** The folder conventions work in: the extraction folder until the copy, the installation folder from then on. */
export function currentFolder(work: Pick<Work, 'folder'>): string | undefined {
  return work.folder('installed') ?? work.folder('extracted');
}

/** The package action of a step that conventions run for. */
export function packageAction(step: PlannedStep): PackageAction {
  if (step.action.kind !== 'package') throw new TypeError(`step ${step.name} has no package`);
  return step.action;
}
