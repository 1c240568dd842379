import { z } from 'zod';
import { defineEvent, type EventOf } from './define-event.ts';
import { Digest, Id } from './link-events.ts';

/**
 * A value only this side knows, by name and version. A secret's value lies in the vault, never here; no value, and
 * not a secret, is an input that was taken away.
 */
export const InputSet = defineEvent(
  'input.set',
  z.strictObject({
    name: z.string().min(1),
    environment: z.string().nullable(),
    version: z.int().min(1),
    secret: z.boolean(),
    value: z.string().nullable(),
  }),
);

/** Told to the author of a release that needs it: the input is set. Never its value. */
export const InputReported = defineEvent(
  'input.reported',
  z.strictObject({ name: z.string().min(1), environment: z.string().nullable(), state: z.literal('set') }),
);

/** By which a deployment is known on the machine it runs on. */
export const deploymentId = z.string().regex(/^[0-9a-z-]{8,40}$/);
const deployment = deploymentId;

const onFailure = z.enum(['ask', 'fail', 'ignore', 'retry']);

const requested = {
  deployment,
  link: Id.nullable(),
  process: z.string(),
  release: z.string(),
  digest: Digest,
  environment: z.string(),
  reason: z.enum(['deploy', 'again', 'retry', 'rollback']),
  of: z.string().nullable(),
};

/** Somebody asks for a run; `link` is null for this side's own release. */
export const DeploymentRequested = defineEvent('deployment.requested', z.strictObject(requested))
  .next(
    // Version 2: what becomes of it when a step fails.
    z.strictObject({ ...requested, onFailure }),
    (before) => ({ ...before, onFailure: 'fail' as const }),
  )
  .next(
    // Version 3: what was deployed may be taken away again.
    z.strictObject({
      ...requested,
      reason: z.enum(['deploy', 'again', 'retry', 'rollback', 'uninstall']),
      onFailure,
    }),
    (before) => before,
  );

/** The plan is frozen and the executor goes on with it. */
export const DeploymentStarted = defineEvent(
  'deployment.started',
  z.strictObject({ deployment, planSha256: Digest }),
);

const conventionNumber = z.union([z.int().min(0).max(75), z.literal('F')]);

/** One line of the trace. Only integers travel in entries: 7.5, the structured variables, stands as 75. */
export const TraceLine = z.strictObject({
  number: conventionNumber,
  name: z.string(),
  state: z.string(),
  files: z.array(z.string()).max(50),
  filesTotal: z.int().min(0),
  detail: z.string().nullable(),
});
export type TraceLine = z.infer<typeof TraceLine>;

const untimed = {
  position: z.int().min(1),
  id: z.string(),
  name: z.string(),
  state: z.string(),
  conventions: z.array(TraceLine).max(40),
  outputs: z.array(z.strictObject({ name: z.string(), value: z.string().nullable() })).max(200),
  error: z.string().nullable(),
};
const untimedStep = z.strictObject(untimed);
const exitCode = z.int().nullable();

/** Times are milliseconds since 1970 by the clock of the machine; null where nothing began, or it is not known. */
const step = z.strictObject({
  ...untimed,
  startedAt: z.int().nullable(),
  endedAt: z.int().nullable(),
  /** That of the script the step failed with. */
  exitCode,
});
export type RecordedStep = z.infer<typeof step>;

const withoutTimes = (before: z.infer<typeof untimedStep>): RecordedStep => ({
  ...before,
  startedAt: null,
  endedAt: null,
  exitCode: null,
});

/** A step of a run came to its end, or to a halt. */
export const DeploymentStepEnded = defineEvent(
  'deployment.step-ended',
  z.strictObject({ deployment, step: untimedStep }),
).next(
  // Version 2: how long it took, and with which exit code its script failed.
  z.strictObject({ deployment, step }),
  (before) => ({ ...before, step: withoutTimes(before.step) }),
);

const failedAt = z
  .strictObject({ step: z.int().min(1), stepId: z.string(), convention: conventionNumber })
  .nullable();

/** The executor died in the middle; a person decides how it goes on. */
export const DeploymentInterrupted = defineEvent(
  'deployment.interrupted',
  z.strictObject({ deployment, at: failedAt }),
);

/** A person asked to go on where it stopped, with the same plan. */
export const DeploymentResumed = defineEvent('deployment.resumed', z.strictObject({ deployment }));

const wait = z.int().min(1);

/** A step of a run can't go on without a person: one that is to be confirmed, or has failed. Waits of a run are numbered. */
export const DeploymentAsked = defineEvent(
  'deployment.asked',
  z.strictObject({
    deployment,
    wait,
    position: z.int().min(1),
    stepId: z.string(),
    step: z.string(),
    for: z.enum(['confirmation', 'failure']),
    text: z.string(),
    offers: z.array(z.string()).max(10),
  }),
);

/** Nothing of a run goes on any more until a person has decided; no process runs it. */
export const DeploymentWaiting = defineEvent('deployment.waiting', z.strictObject({ deployment }));

const decided = {
  deployment,
  wait,
  answer: z.enum(['approve', 'refuse', 'retry', 'ignore', 'fail']),
  note: z.string().nullable(),
};

/** A person decided what a run waited for; `by` is how they signed, null where the actor of the entry says who it was. */
export const DeploymentDecided = defineEvent('deployment.decided', z.strictObject(decided)).next(
  z.strictObject({ ...decided, by: z.string().nullable() }),
  (data) => ({ ...data, by: null }),
);

/** A person asked to stop it. */
export const DeploymentCancelRequested = defineEvent(
  'deployment.cancel-requested',
  z.strictObject({ deployment }),
);

const ended = {
  state: z.enum(['succeeded', 'failed', 'cancelled']),
  startedAt: z.int().nullable(),
  endedAt: z.int(),
  failedAt,
  error: z.string().nullable(),
};

/** The run is over. `logSha256` names its masked log. */
export const DeploymentEnded = defineEvent(
  'deployment.ended',
  z.strictObject({ deployment, ...ended, logSha256: Digest.nullable() }),
);

const told = {
  deployment,
  process: z.string(),
  release: z.string(),
  digest: Digest,
  environment: z.string(),
  state: z.enum(['running', 'interrupted', 'succeeded', 'failed', 'cancelled']),
  startedAt: z.int().nullable(),
  endedAt: z.int().nullable(),
  failedAt,
  error: z.string().nullable(),
};

/** The largest log that is told with a run, in bytes: the end of it. */
export const toldLogBytesMax = 1024 * 1024;

/**
 * What this side tells the author about a run of its release, by this side's own rules and what a person struck out. Of
 * several about one run the newest stands.
 */
export const DeploymentReported = defineEvent(
  'deployment.reported',
  z.strictObject({
    ...told,
    reason: z.enum(['deploy', 'again', 'retry', 'rollback']),
    steps: z.array(untimedStep).max(200),
  }),
).next(
  // Version 2: durations, exit codes, what a failing script wrote last, a person's remark, the log, and what was struck out.
  z.strictObject({
    ...told,
    reason: z.enum(['deploy', 'again', 'retry', 'rollback', 'uninstall']),
    /** The how-many-th run of the process in the environment it was; null where nobody counted. */
    ordinal: z.int().min(1).nullable(),
    steps: z.array(step).max(200),
    /** That of the script the run failed with. */
    exitCode,
    /** What the failing step wrote last, secrets masked. */
    lastLines: z.array(z.string().max(1000)).max(50),
    remark: z
      .strictObject({
        rating: z.int().min(1).max(5).nullable(),
        comment: z.string().min(1).max(4000).nullable(),
      })
      .nullable(),
    /** The end of the masked log, as a blob: `wholeBytes` is how long all of it was. */
    log: z
      .strictObject({
        digest: Digest,
        sizeBytes: z.int().min(1).max(toldLogBytesMax),
        wholeBytes: z.int().min(1),
      })
      .nullable(),
    /** What a person left out, by the names of its parts, such as `step.3.error`. */
    struck: z.array(z.string().regex(/^[A-Za-z0-9.-]{1,60}$/)).max(1000),
  }),
  (before) => ({
    ...before,
    ordinal: null,
    steps: before.steps.map(withoutTimes),
    exitCode: null,
    lastLines: [],
    remark: null,
    log: null,
    struck: [],
  }),
);
export type DeploymentReport = EventOf<typeof DeploymentReported>['data'];
