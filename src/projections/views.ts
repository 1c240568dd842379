/**
 * What the status page, `status` and the JSON answers show: plain data read from the read models. Times are ISO 8601
 * UTC, digests lower-case hex, ages whole seconds.
 */

export type FeedView = {
  readonly feed: string;
  readonly author: string;
  /** `self`, or the link's name. */
  readonly audience: string;
  readonly epoch: number;
  readonly seq: number;
  readonly head: string;
  readonly frozen: boolean;
};

/** A place in a feed; both 0 before its first entry. */
export type PlaceView = { readonly epoch: number; readonly seq: number };

/** What one side has and the other one lacks, as far as it is known. */
export type OutstandingView = {
  readonly entries: number;
  readonly blobs: number;
  readonly blobBytes: number;
};

/** How a link is at this moment, as the daemon that keeps it knows; nothing of it is in the log. */
export type LinkLive = {
  /** The connection to the NATS server; null for a link without one. */
  readonly connection: {
    readonly connected: boolean;
    /** Since when it is so; null before the first dial. */
    readonly since: string | null;
    /** The address that is connected, or was dialled last. */
    readonly url: string | null;
    readonly serverVersion: string | null;
    readonly encrypted: boolean | null;
  } | null;
  /** When both ways were last looked through and nothing was in the way. */
  readonly exchangedAt: string | null;
  /** What went wrong last, since when and when last; `over` where it has gone well since. */
  readonly lastError: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
    readonly since: string;
    readonly at: string;
    readonly over: boolean;
  } | null;
  /** What came from the other side and was refused; null where nothing was for an hour. */
  readonly refused: RefusedView | null;
};

/** What was refused lately, by the reasons; `count` is at least so many, since an exchange tells no more than a thousand. */
export type RefusedView = {
  readonly count: number;
  readonly since: string;
  readonly at: string;
  /** The most frequent first, each with the words of the newest. */
  readonly reasons: readonly { readonly code: string; readonly count: number; readonly message: string }[];
};

export type LinkView = {
  readonly link: string;
  readonly name: string;
  readonly state: 'invited' | 'pending' | 'confirmed' | 'removed';
  readonly peer: string | null;
  /** The other company's certificate as six words, to compare by phone; null while it is not known. */
  readonly fingerprint: string | null;
  readonly transport: string;
  /** When the newest entry or head of the other side that is here was made, by its clock. */
  readonly heardAt: string | null;
  readonly heardAgeSeconds: number | null;
  /** How many of our entries the other side has not said it holds. */
  readonly unconfirmedEntries: number;
  readonly kind: 'folder' | 'nats' | 'hand';
  /** The newest entries that are here: of our feed for them, and of theirs for us. */
  readonly heads: { readonly ours: PlaceView; readonly theirs: PlaceView };
  /** What they have not said to hold, and what they have named and is not here. */
  readonly outstanding: { readonly toThem: OutstandingView; readonly toUs: OutstandingView };
  /** Null where no daemon runs, or has not tried yet. */
  readonly live: LinkLive | null;
  /** Of a link by hand: the newest bundle that was made for it. */
  readonly lastBundle: {
    readonly number: number;
    readonly at: string;
    readonly receipted: boolean;
    /** How many entries were sent up to it that no receipt covers. */
    readonly unconfirmedEntries: number;
    /** The newest bundle that a receipt covers. */
    readonly receiptedNumber: number | null;
    /** The hop that it is known to have come to last, which may be its receiver. */
    readonly hop: {
      readonly name: string;
      readonly at: string;
      readonly way: 'came' | 'passed' | 'arrived';
    } | null;
  } | null;
};

/** One row of the vendor's heart: a customer's environment and what is known of it. */
export type FleetRow = {
  readonly customer: string;
  /** False while nobody has compared the words of whoever tells this: it may be somebody else. */
  readonly compared: boolean;
  readonly environment: string | null;
  readonly process: string;
  /** The release that runs there: the last that succeeded. */
  readonly release: string | null;
  readonly state: string;
  readonly lastAttempt: {
    readonly release: string;
    readonly state: string;
    readonly at: string;
    /** The customer's deployment, to look at with `deployment show`. */
    readonly deployment: string;
    /** How long it took; null where that was not told. */
    readonly durationMs: number | null;
    /** Of the script that it failed with. */
    readonly exitCode: number | null;
    /** What a person there said of it, from 1 to 5 and in words. */
    readonly rating: number | null;
    readonly comment: string | null;
    /** How many lines of its report a person there struck out. */
    readonly struck: number;
  } | null;
  readonly asOf: string | null;
  readonly ageSeconds: number | null;
  /** How many published releases newer than the one that runs there. */
  readonly behind: number;
  readonly blockedBy: string | null;
  readonly withdrawn: string | null;
};

export type PackageView = {
  readonly id: string;
  readonly version: string;
  readonly sha256: string;
  readonly contentDigest: string;
  readonly sizeBytes: number;
  readonly signer: string;
  readonly signerFingerprint: string;
};

/** A published release as the receiver sees it. */
export type OfferView = {
  readonly link: string;
  readonly process: string;
  readonly release: string;
  readonly digest: string;
  readonly state: 'offered' | 'accepted' | 'postponed' | 'refused' | 'blocked' | 'withdrawn';
  readonly reason: string | null;
  readonly until: string | null;
  readonly offeredAt: string;
  readonly packages: readonly {
    readonly id: string;
    readonly version: string;
    readonly sizeBytes: number;
    /** Whether a file of its content is here. */
    readonly held: boolean;
    /** It was given up, since no release that can be deployed named it. */
    readonly removed?: true;
  }[];
  readonly inputs: readonly {
    readonly name: string;
    readonly label: string | null;
    readonly secret: boolean;
    readonly required: boolean;
  }[];
  readonly notes: string | null;
  /** How long it took its author, in milliseconds; null where that was not told. */
  readonly expectedMs: number | null;
};

export type MissingInputView = {
  readonly link: string | null;
  readonly process: string;
  readonly release: string;
  readonly environment: string;
  readonly name: string;
  readonly label: string | null;
  readonly secret: boolean;
};

/** A release this instance made, and what became of it at each customer. */
export type ReleaseView = {
  readonly process: string;
  readonly release: string;
  readonly digest: string;
  readonly processRevision: number;
  readonly createdAt: string;
  readonly deployedTo: readonly string[];
  /** Its newest run in each environment here, however it ended. */
  readonly lastRuns: readonly (Attempt & { readonly environment: string })[];
  readonly tests: { readonly passed: number; readonly failed: number; readonly skipped: number } | null;
  readonly verdict: { readonly ok: boolean; readonly by: string; readonly note: string | null } | null;
  readonly withdrawn: string | null;
  readonly publishedTo: readonly {
    readonly customer: string;
    readonly state:
      | 'queued'
      | 'delivered'
      | 'accepted'
      | 'postponed'
      | 'refused'
      | 'deploying'
      | 'done'
      | 'failed'
      | 'interrupted'
      | 'cancelled';
    readonly at: string;
  }[];
};

export type ConventionView = {
  readonly number: number | 'F';
  readonly name: string;
  readonly state: string;
  readonly files?: readonly string[];
  readonly detail?: string;
};

export type StepView = {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly conventions: readonly ConventionView[];
  readonly outputs: Readonly<Record<string, string | null>>;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Of the script that it failed with. */
  readonly exitCode?: number;
};

/** What came with the report of a customer's run beside its trace. */
export type ReportView = {
  /** The account there in whose name it was told, and when. */
  readonly by: string;
  readonly at: string;
  /** What the step that failed wrote last. */
  readonly lastLines: readonly string[];
  readonly rating: number | null;
  readonly comment: string | null;
  readonly log: {
    readonly digest: string;
    readonly sizeBytes: number;
    readonly wholeBytes: number;
    readonly isHere: boolean;
  } | null;
  /** What a person there struck out, in words. */
  readonly struck: readonly string[];
};

/** What a run waits or waited for a person to decide. */
export type WaitView = {
  readonly wait: number;
  readonly step: number;
  readonly stepId: string;
  readonly name: string;
  readonly for: 'confirmation' | 'failure';
  /** The instructions, or why the step failed. */
  readonly text: string;
  readonly offers: readonly string[];
  readonly askedAt: string;
  /** Null where nobody has decided yet. */
  readonly decision: {
    readonly answer: string;
    readonly by: string;
    readonly at: string;
    readonly note: string | null;
  } | null;
};

/** The document of design §8: what `deploy --wait`, `deployment show` and `/api/deployments.json` give. */
export type DeploymentView = {
  readonly id: string;
  readonly process: string;
  readonly release: string;
  /** The link it came over, null where this instance made the release. */
  readonly link: string | null;
  readonly environment: string;
  /** It takes away what the release brought, by the steps that its process has for that. */
  readonly uninstalls?: true;
  readonly state: 'waiting' | 'running' | 'succeeded' | 'failed' | 'interrupted' | 'cancelled';
  /** Recorded as running, though its process is gone and nobody is there who records that: it is interrupted. */
  readonly brokenOff?: true;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly failedAt?: { readonly step: number; readonly stepId: string; readonly convention: number | 'F' };
  readonly steps: readonly StepView[];
  readonly waits: readonly WaitView[];
  readonly onFailure: 'ask' | 'fail' | 'ignore' | 'retry' | null;
  readonly error: string | null;
  /** Of the script that it failed with. */
  readonly exitCode?: number;
  readonly warning: string | null;
  /** Only of a customer's run, as it was told. */
  readonly report?: ReportView;
  /** Of a run here of another's release: when its author was told of it last; null where it was not. */
  readonly toldAt?: string | null;
};

/** A run, and how far it came. */
export type Attempt = {
  readonly deployment: string;
  /** `uninstalled` where it took away what ran there. */
  readonly state: DeploymentView['state'] | 'uninstalled';
  readonly at: string;
};

export type EnvironmentView = {
  readonly name: string;
  readonly after: readonly string[];
  readonly tags: readonly string[];
  /** What runs there, one line a process; `link` null where this instance made the release. */
  readonly runs: readonly {
    readonly link: string | null;
    readonly process: string;
    readonly release: string;
    readonly since: string;
    readonly withdrawn: string | null;
  }[];
  /** The newest run of each process, where that did not come to run there. */
  readonly attempts: readonly (Attempt & {
    readonly link: string | null;
    readonly process: string;
    readonly release: string;
  })[];
};

/** One entry of an outward feed, in words: all that the other side can ever see. */
export type OutboundLine = {
  readonly link: string;
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly summary: string;
};

/** Everything that is told of an instance, whole. */
export type StatusView = {
  readonly instance: {
    readonly name: string;
    readonly instanceId: string;
    readonly certificate: string;
    readonly fingerprint: string;
    readonly version: string;
    readonly startedAt: string | null;
  };
  readonly now: string;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  readonly links: readonly LinkView[];
  readonly fleet: readonly FleetRow[];
  readonly releases: readonly ReleaseView[];
  readonly offers: readonly OfferView[];
  readonly missingInputs: readonly MissingInputView[];
  readonly environments: readonly EnvironmentView[];
  readonly deployments: readonly DeploymentView[];
  readonly packages: readonly PackageView[];
  readonly outbound: readonly OutboundLine[];
  readonly log: { readonly entries: number; readonly feeds: readonly FeedView[] };
};

/** Which customers of a long fleet to show: those whose name contains `find`, and the page of them from 1. */
export type FleetChoice = { readonly find: string; readonly page: number };

/** The fleet as the page shows it: all of it counted, and one page of its customers. */
export type FleetPart = {
  readonly customers: number;
  /** Environments that lack no published release, those that do, and rows of the fleet that need a look. */
  readonly upToDate: number;
  readonly behind: number;
  readonly troubled: number;
  /** Those in trouble first, then those behind, then by name. */
  readonly shown: readonly {
    readonly customer: string;
    readonly rows: readonly FleetRow[];
    readonly lastBundle: LinkView['lastBundle'];
  }[];
  readonly page: number;
  readonly pages: number;
  /** The first rows of all that need a look. */
  readonly worst: readonly FleetRow[];
};

/** The links as the page shows them: counted, and the first by name. */
export type LinksPart = {
  readonly count: number;
  readonly shown: readonly LinkView[];
  readonly removed: { readonly count: number; readonly shown: readonly Pick<LinkView, 'link' | 'name'>[] };
  /** Names of the first in each state. */
  readonly invited: readonly string[];
  readonly pending: { readonly count: number; readonly names: readonly string[] };
  readonly confirmed: readonly string[];
  /** What hinders links now, each cause once. */
  readonly hindered: readonly HinderedView[];
};

/** One cause that hinders links: how many, one of them, and what it says. */
export type HinderedView = {
  readonly count: number;
  readonly name: string;
  readonly error: NonNullable<LinkLive['lastError']>;
};

/** A release as the page shows it: where many have it, they are counted by state instead of named. */
export type ReleaseLine = Omit<ReleaseView, 'publishedTo'> & {
  readonly published: {
    readonly count: number;
    readonly named: ReleaseView['publishedTo'];
    readonly byState: readonly {
      readonly state: ReleaseView['publishedTo'][number]['state'];
      readonly count: number;
    }[];
  };
};

/** The log as the page shows it: counted, and the first of its feeds, frozen ones before others. */
export type LogPart = {
  readonly entries: number;
  readonly feeds: { readonly count: number; readonly frozen: number; readonly shown: readonly FeedView[] };
};

/** What one look at the status page shows: of what there may be thousands of, the first and how many there are. */
export type PageView = Omit<StatusView, 'links' | 'fleet' | 'releases' | 'log'> & {
  readonly links: LinksPart;
  readonly fleet: FleetPart;
  readonly releases: { readonly count: number; readonly shown: readonly ReleaseLine[] };
  readonly log: LogPart;
  /** The name people gave a link, by that name or its id; undefined where none is called so. */
  readonly called: (link: string) => string | undefined;
};

/** A link in figures, without what takes long to tell. */
export type LinkFigures = Omit<LinkView, 'fingerprint' | 'lastBundle'>;

/** What is measured of links and feeds: of thousands the first, and all of them counted. */
export type Series = {
  readonly feeds: readonly FeedView[];
  readonly links: readonly LinkFigures[];
  readonly states: Readonly<Record<'invited' | 'pending' | 'confirmed', number>>;
  readonly connected: number;
  readonly failing: number;
};
