import type { DiskError } from '../disk-error.ts';
import type { Check, Progress, ProgressLine } from './page.ts';

/** The machine the guide runs on, and what is done there. It is told by what stands above the guide. */
export type Site = FileSite | InstanceSite;

/** A machine to which a release was carried as a file: that is checked, believed and taken in before anything else. */
export type FileSite = ReleaseSite & {
  readonly facts: SiteFacts & { readonly carried: CarriedFile };
  /** Checks every byte of the file before anything in it is shown. @throws InstallerError: what is wrong, and in which part */
  verify(tell: (progress: Progress) => void): Promise<Maker>;
  /**
   * A person says that the maker is who it says: by the six words as told by phone, or a certificate file that the
   * security officer pinned. Nothing to say where the maker was believed here before.
   */
  believe(proof: { readonly words: string } | { readonly certificateFile: string }): Promise<void>;
  /** Makes what is kept here on the first time, and takes the bundle in. Repeated, it goes on where it was. */
  takeIn(tell: (progress: Progress) => void): Promise<Release>;
  /** What was said of a run when it was told to its maker last; null where it was not. The newest run where none is named. */
  lastRemark(environment: string, deployment: string | null): Promise<Remark | null>;
  /** Every line that would go home, by the wish; nothing is written. */
  previewResult(wish: ResultWish): Promise<readonly ResultLine[]>;
  /** Writes the result file; the same wish again makes it again. */
  writeResult(wish: ResultWish, out: string): Promise<WrittenResult>;
};

/** An instance that has the release already, by a link or as its own; a daemon may be at work there. */
export type InstanceSite = ReleaseSite & {
  readonly facts: SiteFacts & { readonly carried: null };
  release(): Promise<Release>;
};

/** What is done with a release once it is here, however it came. */
export type ReleaseSite = AsyncDisposable & {
  /** How the signature of each package was judged, step by step, in words: chain, revocation, time stamp and the rest. */
  judgeSignatures(): Promise<readonly JudgedSignature[]>;
  /** How the release stands in an environment of this site, with what is known of inputs. */
  standing(environment: string): Promise<Standing>;
  /**
   * A person approves the scripts of the release as they stand in an environment, or those of the one that ran there
   * `before`; kept, with who did it.
   * @throws CommandError SCRIPTS_NOT_APPROVED where they are not those that were read
   */
  approveScripts(environment: string, approval: ScriptApproval, whose?: 'before'): Promise<void>;
  /** Everything that can be looked at before anything is done; `values` as given so far. Writes nothing; ends with its signal. */
  check(environment: string, values: Values, look: Look): Promise<readonly Check[]>;
  /** Runs the connection test of one input, where the process has one. Its output is told, masked; ends with its signal. */
  tryInput(environment: string, name: string, values: Values, look: Look): Promise<Check>;
  /** Keeps the answers: secrets encrypted for this host, the others readable. */
  keep(environment: string, values: Values): Promise<void>;
  /** Does what is asked, to its end or until a person is needed; of a run that is gone on with only what is new is told. */
  run(work: Work, hooks: RunHooks): Promise<RunOutcome>;
  /**
   * Which of these values a run does not have, since it began with others; that of what is installed where none is named.
   * Writes nothing.
   */
  unusedValues(
    environment: string,
    deployment: string | null,
    values: Values,
  ): Promise<readonly UnusedValue[]>;
  /** A person decides what a run waits for. The run goes on with `run({ kind: 'resume' })`. */
  decide(deployment: string, wait: number, decision: Decision): Promise<void>;
};

export type Look = {
  /** Ends what is under way. */
  readonly signal: AbortSignal;
  /** Scripts that were read and may run for this look, by the digest of their set; nothing is kept of it. */
  readonly approvedSet: string | null;
};

export type SiteFacts = {
  /** The file that was started; null where the release is here already. */
  readonly carried: CarriedFile | null;
  readonly programVersion: string;
  /** `linux-x64`. */
  readonly platform: string;
  /** Where everything is kept; nothing is written elsewhere but where steps do. */
  readonly dataFolder: string;
  /** By whom it was started. */
  readonly account: string;
};

/** The installer or bundle that was started. */
export type CarriedFile = { readonly path: string; readonly sizeBytes: number };

/** Who made the file, as its signatures say. */
export type Maker = {
  /** What the vendor calls itself. */
  readonly name: string;
  /** Subject of the company certificate. */
  readonly company: string;
  readonly words: string;
  readonly fingerprint: string;
  /** Whether this site believed that certificate before, and since when; or was told so with `--trust`. */
  readonly believed: boolean;
  readonly madeAt: string;
  /** What this site is called, or will be from when the file is taken in. */
  readonly site: { readonly name: string; readonly isNew: boolean };
};

export type JudgedSignature = {
  readonly id: string;
  readonly version: string;
  readonly steps: readonly string[];
};

export type Release = {
  /** Whose it is, and when it was made. */
  readonly author: Pick<Maker, 'name' | 'company' | 'madeAt'>;
  readonly process: string;
  readonly number: string;
  readonly digest: string;
  readonly notes: string | null;
  readonly packages: readonly {
    readonly id: string;
    readonly version: string;
    readonly sizeBytes: number;
    readonly signer: string;
  }[];
  /** Environments of this site, and those that the process names; the first is what is meant if nothing is said. */
  readonly environments: readonly string[];
  /** Whether any name will do for an environment: neither this site nor the process has one. */
  readonly takesAnyEnvironment: boolean;
  readonly hasUninstall: boolean;
};

/** An input of the release: its definition, and what is known of its value here. */
export type InputStanding = {
  readonly name: string;
  readonly label: string | null;
  readonly help: string | null;
  readonly group: string | null;
  readonly type: 'text' | 'integer' | 'port' | 'boolean' | 'choice' | 'path' | 'url';
  readonly choices: readonly string[];
  readonly secret: boolean;
  readonly mayBeShown: boolean;
  readonly required: boolean;
  readonly default: string | null;
  readonly hasTest: boolean;
  /** Given before, at this site or by the author: asked again only where a person goes back to it. */
  readonly isKnown: boolean;
  /** The known value; null for a secret. */
  readonly value: string | null;
  /** The release that is installed asked the same: what may be left out, and was, is no question again. */
  readonly wasAsked: boolean;
};

export type Standing = ScriptsStanding & {
  readonly environment: string;
  /** The release that runs there now. */
  readonly installed: { readonly number: string; readonly digest: string; readonly since: string } | null;
  /** `same`, `older` and `newer`: this file's release against the one that runs there. */
  readonly compared: 'nothing-installed' | 'same' | 'newer' | 'older';
  /** What a rollback would go to. */
  readonly previous: {
    readonly number: string;
    /** What it needs and nobody has given here, or was removed since it ran. */
    readonly lacking?: readonly InputStanding[];
    /** Its scripts, where none of them runs before a person approved it. */
    readonly asked?: ScriptsStanding | null;
  } | null;
  /** A run that came to no end: where it stands, in words and numbers. */
  readonly open: OpenRun | null;
  readonly inputs: readonly InputStanding[];
  /** What changes against what is installed: packages, and the process with its steps, scripts and inputs. */
  readonly changes: readonly { readonly title: string; readonly lines: readonly string[] }[];
  readonly steps: readonly {
    readonly id: string;
    readonly name: string;
    /** What it does, in words. */
    readonly kind: string;
    /** Whether a person does it, or confirms that it was done. */
    readonly isManual: boolean;
    readonly skippedBecause: string | null;
  }[];
  /** Why it may not be installed at all: withdrawn, refused, blocked by a rule; and what a person does about it. */
  readonly inTheWay: { readonly why: string; readonly hint: string } | null;
  /** From the vendor's own runs, where it told; milliseconds. */
  readonly expectedMs: number | null;
};

/** The scripts of a release, and whether a person has to approve them. */
export type ScriptsStanding = {
  /** Every script that may run, those of packages and those that take it away among them. */
  readonly scripts: readonly ScriptStanding[];
  readonly consent: {
    /** Which scripts they are, in one digest. */
    readonly set: string;
    /** Whether none of them runs before a person approved it; else the maker's signature is enough. */
    readonly isAsked: boolean;
  };
};

/** A script, and what a person said to it at this site. */
export type ScriptStanding = {
  readonly where: string;
  readonly language: string;
  /** The process, or the package that brings it. */
  readonly from: string;
  readonly digest: string;
  readonly text: string;
  /** What of it is not shown as it is, in words. */
  readonly remark: string | null;
  /** Who approved this very text in this place; null where nobody did. */
  readonly approval: { readonly by: string; readonly at: string; readonly release: string } | null;
  /** What stood there before, and what differs from it, line by line; `lines` null where that text is not here any more. */
  readonly before: { readonly what: string; readonly lines: readonly string[] | null } | null;
  /** Whether it is not the one of the release that ran here last. */
  readonly isNew: boolean;
};

/** A person lets the scripts of a release run at this site. */
export type ScriptApproval = {
  /** The digest of those that were read. */
  readonly set: string;
  /** Who approves, as that person signs; null where it is whoever started the program. */
  readonly by: string | null;
  readonly note: string | null;
};

/** What a run is for. */
export type RunKind = 'install' | 'roll-back' | 'uninstall';

export type OpenRun = {
  readonly deployment: string;
  readonly kind: RunKind;
  readonly state: 'interrupted' | 'waiting' | 'running' | 'failed';
  readonly number: string;
  /** `step 3 of 6, Web, at convention 8 of 15`. */
  readonly at: string | null;
  readonly done: readonly string[];
  readonly error: string | null;
  readonly wait: Wait | null;
};

/** What a run asks of a person. */
export type Wait = {
  readonly wait: number;
  readonly for: 'confirmation' | 'failure';
  readonly step: string;
  readonly stepId: string;
  readonly text: string;
  readonly offers: readonly Decision['answer'][];
};

export type Decision = {
  readonly answer: 'approve' | 'refuse' | 'retry' | 'ignore' | 'fail';
  /** Who decides, as that person signs; null where it is whoever started the program. */
  readonly by: string | null;
  readonly note: string | null;
};

/** Values by the names of inputs, as typed. */
export type Values = Readonly<Record<string, string>>;

export type Work = { readonly environment: string } & (
  | {
      readonly kind: 'install';
      readonly again: boolean;
      /** An open run that is given up for it. */
      readonly instead?: string;
    }
  /** Goes on where it stopped, with the same plan. */
  | { readonly kind: 'resume'; readonly deployment: string }
  /** From the first step again, with today's values. */
  | { readonly kind: 'start-over'; readonly deployment: string }
  /** The release that ran before, by its own process and with its packages; an open run is given up for it. */
  | { readonly kind: 'roll-back' }
  /** The steps that the process has for it. */
  | { readonly kind: 'uninstall' }
);

/** A value that was given, and what a run has instead; null for those of a secret. */
export type UnusedValue = {
  readonly name: string;
  readonly given: string | null;
  readonly used: string | null;
};

export type RunHooks = {
  readonly signal: AbortSignal;
  readonly tell: (line: ProgressLine) => void;
  /** `step 2 of 6`, where the number of steps is known. */
  readonly progress: (progress: Progress) => void;
};

export type RunOutcome = {
  readonly deployment: string;
  /** Of the release. */
  readonly digest: string;
  readonly kind: RunKind;
  readonly state: 'succeeded' | 'failed' | 'interrupted' | 'cancelled' | 'waiting';
  readonly number: string;
  readonly durationMs: number | null;
  readonly error: string | null;
  /** What the disk refused it, where it was cut off by that. */
  readonly hindered?: DiskError;
  readonly at: string | null;
  readonly wait: Wait | null;
  /** Steps with their states and durations. */
  readonly steps: readonly {
    readonly name: string;
    readonly state: string;
    readonly durationMs: number | null;
  }[];
  readonly logFile: string | null;
  /** Folders that its steps did not remove, of what was uninstalled; none of any other run. */
  readonly foldersLeft: readonly string[];
  /** The masked last lines. */
  readonly lastLines: readonly string[];
  /** The document that `deployment show --json` prints. */
  readonly document: unknown;
};

/** What a person says about a run, for whoever made the release. */
export type Remark = {
  readonly rating: 1 | 2 | 3 | 4 | 5 | null;
  readonly comment: string | null;
  readonly withLog: boolean;
  /** Ids of lines that stay here; that they were struck out is told. */
  readonly struck: readonly string[];
};

/** What of a run goes home. */
export type ResultWish = Remark & {
  readonly environment: string;
  /** The newest run where nothing is said. */
  readonly deployment: string | null;
};

export type ResultLine = { readonly id: string; readonly text: string; readonly mayBeStruck: boolean };

export type WrittenResult = {
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly to: string;
  readonly words: string;
};
