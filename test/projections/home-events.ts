import {
  BlobRefused,
  DeploymentCancelRequested,
  DeploymentEnded,
  DeploymentInterrupted,
  DeploymentAsked,
  DeploymentDecided,
  DeploymentRequested,
  DeploymentResumed,
  DeploymentStarted,
  DeploymentStepEnded,
  DeploymentWaiting,
  EnvironmentAdded,
  EnvironmentRemoved,
  InputSet,
  LinkAccepted,
  LinkAnswered,
  LinkConfirmed,
  LinkInvited,
  LinkRemoved,
  PackageAdded,
  ProcessPublished,
  ReleaseAnswered,
  ReleaseCreated,
  ReleaseJudged,
  ReleasePublished,
  TestsImported,
  type MadeEvent,
} from '../../src/events/index.ts';

/** One event of each type that only ever means something in an instance's own feed. */
export function homeEvents(link: string, release: string): MadeEvent[] {
  const hash = 'f'.repeat(64);
  const deployment = 'deployment-666';
  const transport = { kind: 'folder', folder: '/tmp' } as const;
  const introduction = new Uint8Array([1]);
  const peer = 'e'.repeat(32);
  const pin = { id: 'Evil', version: '1.0.0', sha256: hash, contentDigest: hash, sizeBytes: 1 };
  const ended = { startedAt: 1, endedAt: 2, failedAt: null, error: null, logSha256: null };
  const step = {
    position: 1,
    id: 's',
    name: 'S',
    state: 'succeeded',
    conventions: [],
    outputs: [],
    error: null,
  };
  const publishWhen = { deployedTo: [], testsPassed: false, testTypes: [], verdictOk: false };
  return [
    LinkInvited.make({ link: 'd'.repeat(32), name: 'evil', transport }),
    LinkAccepted.make({ link: 'c'.repeat(32), name: 'evil', transport, peer, introduction }),
    LinkAnswered.make({ link, peer, introduction }),
    LinkConfirmed.make({ link, fingerprint: hash }),
    LinkRemoved.make({ link }),
    EnvironmentAdded.make({ name: 'production', after: [], tags: [] }),
    EnvironmentRemoved.make({ name: 'uat' }),
    ProcessPublished.make({
      process: 'Evil',
      revision: 1,
      digest: hash,
      sizeBytes: 1,
      local: { publishWhen, variables: [] },
    }),
    PackageAdded.make({ package: pin, signer: { subject: 'CN=Evil', fingerprint: hash }, link }),
    BlobRefused.make({ link, digest: hash, what: 'x', attempt: 1, final: true, parts: [], problems: [] }),
    ReleaseCreated.make({ digest: hash, document: new Uint8Array([1]) }),
    TestsImported.make({
      digest: release,
      file: 'x',
      sha256: hash,
      sizeBytes: 1,
      format: 'junit',
      passed: 1,
      failed: 0,
      skipped: 0,
      type: 'smoke',
    }),
    ReleaseJudged.make({ digest: release, ok: true, note: null }),
    ReleasePublished.make({ digest: release, links: [link] }),
    ReleaseAnswered.make({ link, digest: release, answer: 'accepted', reason: null, until: null }),
    InputSet.make({ name: 'Port', environment: null, version: 9, secret: false, value: 'evil' }),
    DeploymentRequested.make({
      deployment,
      link,
      process: 'Orders',
      release: '1.0.0',
      digest: release,
      environment: 'production',
      reason: 'deploy',
      of: null,
      onFailure: 'ask',
    }),
    DeploymentStarted.make({ deployment, planSha256: hash }),
    DeploymentStepEnded.make({ deployment, step }),
    DeploymentAsked.make({
      deployment,
      wait: 1,
      position: 1,
      stepId: 'web',
      step: 'Web',
      for: 'failure',
      text: 'it broke',
      offers: ['retry', 'fail'],
    }),
    DeploymentWaiting.make({ deployment }),
    DeploymentDecided.make({ deployment, wait: 1, answer: 'retry', note: null }),
    DeploymentInterrupted.make({ deployment, at: null }),
    DeploymentResumed.make({ deployment }),
    DeploymentCancelRequested.make({ deployment }),
    DeploymentEnded.make({ deployment, state: 'succeeded', ...ended }),
  ];
}
