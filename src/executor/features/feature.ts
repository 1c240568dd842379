import type { Work } from '../convention.ts';
import type { FeatureSettings } from './settings.ts';

/** Where features act, in order; `DeployFailed` after a convention has failed. */
export type FeatureStage =
  | 'BeforePreDeploy'
  | 'AfterPreDeploy'
  | 'BeforeDeploy'
  | 'AfterDeploy'
  | 'BeforePostDeploy'
  | 'AfterPostDeploy'
  | 'DeployFailed';

/** What a feature did at a stage, for the trace. */
export type FeatureDone = { readonly files?: readonly string[]; readonly detail?: string };

/** The machine as far as a feature asks for it before anything is started. */
export type Host = {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The first of these programs that is on the PATH, or where servers are put. */
  readonly find: (programs: readonly string[]) => string | undefined;
};

/** Has a program of this machine say something that changes nothing; undefined where no answer came. */
export type Ask = (
  program: string,
  words: readonly string[],
) => Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string } | undefined>;

/** What a feature found on this machine before anything was started; `lacking` keeps a run from being started. */
export type Sight = {
  readonly state: 'good' | 'note' | 'lacking';
  readonly found: string;
  /** What to do about it; null where nothing is to be done. */
  readonly hint: string | null;
};

/** What can be asked of a step beside the conventions of the list: one folder, one row in `features.ts`. */
export type Feature = {
  /** As `Octopus.Action.EnabledFeatures` names it. */
  readonly name: string;
  /** In a sentence: `step Web asks for nginx, …`. */
  readonly called: string;
  /** Every setting it reads, by property, and what it means. */
  readonly settings: Readonly<Record<string, string>>;
  /** What keeps it from working on this host, each as the rest of a sentence; settings not yet known are undefined. */
  readonly lacking: (settings: FeatureSettings, host: Host) => readonly string[];
  /** How what it works on stands on this machine, which lacks nothing; settings not yet known are undefined. */
  readonly look?: (settings: FeatureSettings, packageId: string, ask: Ask) => Promise<readonly Sight[]>;
  readonly stages: Readonly<Partial<Record<FeatureStage, StageOfFeature>>>;
};

export type StageOfFeature = {
  /** What a plan says of it, before anything is known of the machine. */
  readonly does: string;
  /** Does it; throws a CrossgapError where that fails. */
  readonly run: (work: FeatureWork) => Promise<FeatureDone>;
};

/** The work of a feature: as that of a convention, with what has to outlive an interruption. */
export type FeatureWork = Work & { readonly kept: string; readonly settings: FeatureSettings };
