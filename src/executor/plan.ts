import type { TrustRules, ZipLimits } from '../packages/index.ts';

/** A script given in the process file; its text is evaluated (`#{...}`) before it runs. */
export type InlineScript = { readonly kind: ScriptKind; readonly text: string };
export type ScriptKind = 'bash' | 'powershell' | 'python';

/**
 * All a run needs, as plain data. Frozen when the deployment starts and kept in the run's folder; values of secrets
 * are not in it, only the names under which they arrive by pipe.
 */
export type Plan = {
  readonly format: 1;
  readonly deployment: string;
  readonly process: string;
  readonly release: string;
  readonly environment: string;
  /** The machine's name in `Octopus.Machine.Name`. */
  readonly machine: string;
  /** The folder of this environment's applications, absolute: packages go to `PACKAGE/VERSION` below it. */
  readonly appsFolder: string;
  /** What a package may be at most; the usual where it is not given. */
  readonly packageLimits?: ZipLimits;
  /** Folders nothing may be installed into or purged from, absolute: the data folder above all. */
  readonly guardedFolders: readonly string[];
  /** Values with scopes already resolved for this environment; `#{...}` in them is evaluated when used. */
  readonly variables: readonly PlannedVariable[];
  /** Inputs typed by a person: literals, `#{...}` in them is not evaluated. A secret's value comes by pipe. */
  readonly inputs: readonly PlannedInput[];
  readonly steps: readonly PlannedStep[];
  /** What becomes of the run when a step fails for good; `fail` where nothing is said. */
  readonly onFailure?: OnFailure;
};

/** `ask` waits for a person; `retry` tries a failed step a few times more; `ignore` goes on as if it had succeeded. */
export type OnFailure = 'ask' | 'fail' | 'ignore' | 'retry';

export type PlannedVariable = { readonly name: string; readonly value: string };

export type PlannedInput =
  | { readonly name: string; readonly secret: false; readonly version: number; readonly value: string }
  | {
      readonly name: string;
      readonly secret: true;
      readonly version: number;
      /** Where the value was set, for whoever looks it up again; null for one that holds everywhere. */
      readonly environment?: string | null;
    };

export type PlannedStep = {
  readonly id: string;
  readonly name: string;
  /** `success`, `failure`, `always`, or an expression: the step runs where that is truthy, whatever failed before. */
  readonly when: string;
  /** It begins together with the step before it, and with those that step begins with. */
  readonly start?: 'with-previous';
  /** It may not be left out: its failure is never ignored. */
  readonly required?: true;
  /** Why this step does not run here, known beforehand (its environments); undefined where it may run. */
  readonly skippedBecause?: string;
  readonly timeLimitMs?: number;
  readonly retriesMax: number;
  readonly action: RunAction | PackageAction | ManualAction;
  /** Octopus properties of the action, put into the variables while the step runs. */
  readonly properties: Readonly<Record<string, string>>;
};

export type RunAction = { readonly kind: 'run'; readonly script: InlineScript };

/** A person reads the instructions, evaluated, and lets the run go on or not. */
export type ManualAction = { readonly kind: 'manual'; readonly instructions: string };

export type PackageAction = {
  readonly kind: 'package';
  readonly package: {
    readonly id: string;
    readonly version: string;
    /**
     * Lower-case hex SHA-256 of the file, and of the package without its signature entry. The file need not be the one
     * that the release names: one that was countersigned, or signed again, has the same content.
     */
    readonly sha256: string;
    readonly contentDigest: string;
    readonly file: string;
    /** SHA-256 fingerprints (lower-case hex, DER) of certificates that may have signed it. */
    readonly trustedFingerprints: readonly string[];
    /** What else it is judged by: time stamps, repositories, revocation lists, what is required. */
    readonly trustRules?: TrustRules;
    /** The time at which certificates are judged, that of the signed release; the present where it is not given. */
    readonly verifyAt?: number;
    /** A package without any signature is taken all the same; only for trying things out, never set by a release. */
    readonly unsigned?: true;
  };
  readonly substituteInFiles: readonly string[];
  readonly configVariables: boolean;
  /** What this step put here before, whatever became of it, and what it put here when it succeeded last. */
  readonly previous?: PreviousInstallation;
  readonly previousSuccessful?: PreviousInstallation;
  readonly installTo?: { readonly folder: string; readonly purge: boolean; readonly keep: readonly string[] };
  readonly scripts: {
    readonly preDeploy: readonly InlineScript[];
    readonly deploy: readonly InlineScript[];
    readonly postDeploy: readonly InlineScript[];
  };
};

/** A package that a step put on this machine in an earlier deployment. */
export type PreviousInstallation = {
  readonly packageId: string;
  readonly version: string;
  /** SHA-256 of the package without its signature entry; not in plans of earlier versions. */
  readonly contentDigest?: string;
  /** The package file, where it is still kept. */
  readonly file?: string;
  readonly extractedTo: string;
  readonly installedTo: string | null;
  readonly succeeded: boolean;
};

export type DeploymentState = 'waiting' | 'running' | 'succeeded' | 'failed' | 'interrupted' | 'cancelled';
export type StepState = 'succeeded' | 'failed' | 'skipped' | 'interrupted' | 'running' | 'not-run';
export type ConventionState =
  | 'done'
  | 'nothing-to-do'
  | 'feature-off'
  | 'skipped'
  | 'failed'
  | 'interrupted'
  | 'not-run'
  | 'running';

/** One line of the trace: 1 to 15 of the list, 0 for extraction, 7.5 for structured variables, F for DeployFailed. */
export type ConventionOutcome = {
  readonly number: number | 'F';
  readonly name: string;
  readonly state: ConventionState;
  /** Relative to the folder the convention worked in. */
  readonly files?: readonly string[];
  readonly detail?: string;
};

export type StepOutcome = {
  readonly id: string;
  readonly name: string;
  readonly state: StepState;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly attempts: number;
  readonly conventions: readonly ConventionOutcome[];
  /** Output variables; null where the script marked it sensitive or the value holds a secret. */
  readonly outputs: Readonly<Record<string, string | null>>;
  readonly artifacts: readonly ArtifactOutcome[];
  /** What it put on this machine; undefined where it extracted nothing. */
  readonly application?: {
    readonly packageId: string;
    readonly version: string;
    readonly sha256: string;
    readonly extractedTo: string;
    readonly installedTo: string | null;
  };
  /** Why the step did not run, where it is skipped. */
  readonly skippedBecause?: string;
  /** It failed, and the run goes on as if it had not: by whom that was decided. */
  readonly ignoredBy?: string;
  readonly error?: string;
  /** The code of the error, as docs/errors.md lists them. */
  readonly errorCode?: string;
  /** Of the script it failed with. */
  readonly exitCode?: number;
};

/** A file that a script asked to be kept, copied into the run's folder when its step ended. */
export type ArtifactOutcome = {
  readonly name: string;
  /** Relative to the run's folder. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
};

/** What a person can say to a run that waits. */
export type Answer = 'approve' | 'refuse' | 'retry' | 'ignore' | 'fail';

/** A step that waits for a person; a run can have several, and numbers all it ever had from 1. */
export type Wait = {
  readonly wait: number;
  /** Position of the step, from 1. */
  readonly step: number;
  readonly for: 'confirmation' | 'failure';
  /** The instructions, or why the step failed; masked. */
  readonly text: string;
  /** What may be answered. */
  readonly offers: readonly Answer[];
  readonly since: number;
};

/** What a person decided about a wait. */
export type Decision = {
  readonly wait: number;
  readonly answer: Answer;
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly note: string | null;
};

/** How a run stands, told from its journal alone. */
export type RunOutcome = {
  readonly deployment: string;
  readonly state: 'waiting' | 'running' | 'succeeded' | 'failed' | 'interrupted' | 'cancelled';
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly failedAt?: { readonly step: number; readonly stepId: string; readonly convention: number | 'F' };
  readonly steps: readonly StepOutcome[];
  /** What it waits for a person to decide, also while other steps of it still run. */
  readonly waits: readonly Wait[];
  /** SHA-256 of the masked log as it stood when the run ended. */
  readonly logSha256?: string;
  readonly error?: string;
  readonly errorCode?: string;
};
