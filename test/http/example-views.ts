import type {
  ConventionView,
  DeploymentView,
  FleetRow,
  ReleaseView,
  StatusView,
  StepView,
} from '../../src/projections/index.ts';

/** The moment at which everything below is looked at. */
export const now = '2026-03-03T14:05:11.000Z';

/** `minutes` before the moment of the examples. */
export const minutesAgo = (minutes: number): string =>
  new Date(Date.parse(now) - minutes * 60_000).toISOString();

const hex = (seed: string): string => seed.repeat(64).slice(0, 64);
const id = (n: number): string => `0195d1c4-7a${String(n).padStart(2, '0')}-7c3e-9b21-5f6e0c9ad1${n % 10}4`;

const names: readonly (readonly [ConventionView['number'], string])[] = [
  [0, 'Extract package'],
  [1, 'Feature scripts before PreDeploy'],
  [2, 'PreDeploy scripts'],
  [3, 'Feature scripts after PreDeploy'],
  [4, 'Remove temporary files'],
  [5, 'Substitute variables in files'],
  [6, 'XML transforms'],
  [7, 'XML configuration variables'],
  [8, 'Copy to custom folder'],
  [9, 'Feature scripts before Deploy'],
  [10, 'Deploy scripts'],
  [11, 'Feature scripts after Deploy'],
  [12, 'IIS home directory'],
  [13, 'Feature scripts before PostDeploy'],
  [14, 'PostDeploy scripts'],
  [15, 'Feature scripts after PostDeploy'],
];

const idle: Readonly<Record<string, string>> = {
  1: 'nothing-to-do',
  3: 'nothing-to-do',
  6: 'feature-off',
  12: 'feature-off',
};
const files: Readonly<Record<string, readonly string[]>> = {
  5: ['appsettings.json', 'wwwroot/index.html'],
  7: ['Web.config'],
  8: [
    'appsettings.json',
    'Web.config',
    'server.py',
    'wwwroot/index.html',
    'wwwroot/style.css',
    'start.sh',
    'VERSION',
  ],
};
const details: Readonly<Record<string, string>> = {
  0: 'Orders.Web 1.0.0, 7 files, 48.2 kB',
  2: 'PreDeploy.sh (inline), exit 0',
  7: 'ConnectionStrings.Main ********, Site.Port 8090',
  8: '/srv/orders, purged, App_Data kept',
  10: 'Deploy.sh, exit 0',
  14: 'PostDeploy.py, exit 0: answered on 127.0.0.1:8090',
};

function conventions(failedAt?: number): readonly ConventionView[] {
  const lines = names.map(([number, name]): ConventionView => {
    const at = Number(number);
    const after = failedAt !== undefined && at > failedAt;
    const state = after ? 'not-run' : at === failedAt ? 'failed' : (idle[number] ?? 'done');
    return {
      number,
      name,
      state,
      ...(state === 'done' && files[number] ? { files: files[number] } : {}),
      ...(at === failedAt
        ? { detail: 'Deploy.sh, exit 1: orders.db is of version 7, this release needs 8' }
        : state === 'done' && details[number]
          ? { detail: details[number] }
          : {}),
    };
  });
  if (failedAt === undefined) return lines;
  return [
    ...lines,
    { number: 'F', name: 'DeployFailed scripts', state: 'done', detail: 'DeployFailed.sh, exit 0' },
  ];
}

function steps(failed = false): readonly StepView[] {
  return [
    {
      id: 'stop-service',
      name: 'Stop service',
      state: 'succeeded',
      conventions: [{ number: 10, name: 'Deploy scripts', state: 'done', detail: 'bash, exit 0' }],
      outputs: {},
    },
    {
      id: 'web',
      name: 'Web',
      state: failed ? 'failed' : 'succeeded',
      conventions: conventions(failed ? 10 : undefined),
      outputs: failed ? {} : { WarmupUrl: 'http://127.0.0.1:8090/', SessionToken: null },
    },
    {
      id: 'warm-up',
      name: 'Warm up',
      state: failed ? 'not-run' : 'succeeded',
      conventions: [{ number: 10, name: 'Deploy scripts', state: failed ? 'not-run' : 'done' }],
      outputs: {},
    },
  ];
}

/** The same steps with what they took, and the exit code of the script that failed. */
const timed = (failed: boolean, from: string): readonly StepView[] =>
  steps(failed).map((step, at) =>
    step.state === 'not-run'
      ? step
      : {
          ...step,
          startedAt: new Date(Date.parse(from) + at * 1000).toISOString(),
          endedAt: new Date(Date.parse(from) + 1000 + at * 12_400).toISOString(),
          ...(step.state === 'failed' && { exitCode: 1 }),
        },
  );

export function deployment(n: number, facts: Partial<DeploymentView>): DeploymentView {
  const at = facts.requestedAt ?? minutesAgo(60);
  const later = (seconds: number): string => new Date(Date.parse(at) + seconds * 1000).toISOString();
  return {
    id: id(n),
    process: 'Orders',
    release: '1.0.0',
    link: null,
    environment: 'integration',
    state: 'succeeded',
    requestedBy: 'build',
    requestedAt: at,
    startedAt: later(1),
    endedAt: later(14),
    steps: steps(facts.state === 'failed'),
    waits: [],
    onFailure: 'fail',
    error: null,
    warning: null,
    ...facts,
  };
}

/** A run at northwind as it was told: what failed, what a person there said of it, and what stayed there. */
export const reported: DeploymentView = deployment(31, {
  link: 'northwind',
  release: '1.1.0',
  environment: 'live',
  state: 'failed',
  requestedBy: 'northwind',
  requestedAt: minutesAgo(14),
  failedAt: { step: 2, stepId: 'web', convention: 10 },
  error: null,
  exitCode: 1,
  onFailure: null,
  steps: [
    ...timed(true, minutesAgo(14)).slice(0, 2),
    { id: '', name: '', state: 'struck', conventions: [], outputs: {} },
  ],
  report: {
    by: 'northwind\\svc-deploy',
    at: minutesAgo(12),
    lastLines: ['opening orders.db', '(struck out)', 'orders.db is of version 7, this release needs 8'],
    rating: 2,
    comment: 'The migration was not in the notes.\nWe went back by hand.',
    log: { digest: hex('10c'), sizeBytes: 1_048_000, wholeBytes: 4_200_000, isHere: false },
    struck: ['step 2, error', 'step 3', 'last lines 2'],
  },
});

/** A release of Orders that runs in an environment here. */
const own = (release: string, minutes: number) => ({
  link: null,
  process: 'Orders',
  release,
  since: minutesAgo(minutes),
  withdrawn: null,
});

const empty: StatusView = {
  instance: {
    name: 'fabrikam',
    instanceId: '0195d1aa-0001-7d10-8f00-0e9a3b77c001',
    certificate: 'CN=Fabrikam Ltd, O=Fabrikam Ltd, C=GB',
    fingerprint: 'velvet canyon orbit maple signal harbor',
    version: '0.1.0',
    startedAt: minutesAgo(2),
  },
  now,
  warnings: [],
  links: [],
  fleet: [],
  releases: [],
  offers: [],
  missingInputs: [],
  environments: [],
  deployments: [],
  packages: [],
  outbound: [],
  log: {
    entries: 1,
    feeds: [
      {
        feed: hex('5e1f'),
        author: 'fabrikam',
        audience: 'self',
        epoch: 1,
        seq: 1,
        head: hex('9c04'),
        frozen: false,
      },
    ],
  },
};

const packages: StatusView['packages'] = ['1.1.0', '1.0.0'].map((version, at) => ({
  id: 'Orders.Web',
  version,
  sha256: hex(`a${at}7e`),
  contentDigest: hex(`4b${at}d`),
  sizeBytes: 48_213 + at * 100,
  signer: 'CN=Acme ISV, O=Acme Software GmbH, C=DE',
  signerFingerprint: hex('c0ffee'),
}));

const link = (
  name: string,
  heardMinutes: number,
  fingerprint: string,
  unconfirmedEntries: number,
): StatusView['links'][number] => ({
  link: `link-${name}`,
  name,
  state: 'confirmed',
  peer: name,
  fingerprint,
  transport: 'folder',
  heardAt: minutesAgo(heardMinutes),
  heardAgeSeconds: heardMinutes * 60,
  unconfirmedEntries,
  kind: 'folder',
  heads: { ours: { epoch: 1, seq: 23 + unconfirmedEntries }, theirs: { epoch: 1, seq: 9 } },
  outstanding: {
    toThem: { entries: unconfirmedEntries, blobs: 0, blobBytes: 0 },
    toUs: { entries: 0, blobs: 0, blobBytes: 0 },
  },
  live: { connection: null, exchangedAt: minutesAgo(1), lastError: null, refused: null },
  lastBundle: null,
});

/** The same over a NATS server, as its connection is. */
const overNats = (
  plain: StatusView['links'][number],
  connected: boolean,
  lastError: NonNullable<StatusView['links'][number]['live']>['lastError'] = null,
): StatusView['links'][number] => ({
  ...plain,
  kind: 'nats',
  transport: 'our server tls://hub.acme.example:4222',
  live: {
    connection: {
      connected,
      since: minutesAgo(connected ? 190 : 4),
      url: 'tls://hub.acme.example:4222',
      serverVersion: '2.12.7',
      encrypted: true,
    },
    exchangedAt: minutesAgo(5),
    lastError,
    refused: null,
  },
});

/** What stays empty where nothing more was told of an attempt. */
const untold = { durationMs: null, exitCode: null, rating: null, comment: null, struck: 0 };

const row = (facts: Partial<FleetRow>): FleetRow => ({
  customer: 'contoso',
  compared: true,
  environment: 'production',
  process: 'Orders',
  release: '1.1.0',
  state: 'succeeded',
  lastAttempt: {
    release: '1.1.0',
    state: 'succeeded',
    at: minutesAgo(35),
    deployment: 'd-4kq7mbx2wz',
    ...untold,
  },
  asOf: minutesAgo(3),
  ageSeconds: 180,
  behind: 0,
  blockedBy: null,
  withdrawn: null,
  ...facts,
});

export const fleet: readonly FleetRow[] = [
  row({
    environment: 'uat',
    lastAttempt: {
      release: '1.1.0',
      state: 'succeeded',
      at: minutesAgo(31),
      deployment: 'd-4kq7mbx2wz',
      ...untold,
    },
  }),
  row({
    release: '1.0.0',
    lastAttempt: {
      release: '1.0.0',
      state: 'succeeded',
      at: minutesAgo(7),
      deployment: 'd-4kq7mbx2wz',
      ...untold,
    },
    behind: 1,
  }),
  row({ customer: 'metro', environment: 'acceptance', asOf: minutesAgo(1), ageSeconds: 42 }),
  row({
    customer: 'metro',
    release: '1.0.0',
    lastAttempt: {
      release: '1.0.0',
      state: 'succeeded',
      at: minutesAgo(60 * 26),
      deployment: 'd-4kq7mbx2wz',
      ...untold,
    },
    asOf: minutesAgo(1),
    ageSeconds: 42,
    behind: 1,
    blockedBy: 'metro postponed 1.1.0 until 2026-03-09: month-end close',
  }),
  row({
    customer: 'bankair',
    environment: 'plant',
    release: '1.0.0',
    lastAttempt: {
      release: '1.0.0',
      state: 'succeeded',
      at: minutesAgo(60 * 24 * 6),
      deployment: 'd-4kq7mbx2wz',
      ...untold,
    },
    asOf: minutesAgo(60 * 24 * 5),
    ageSeconds: 5 * 86_400,
    behind: 1,
  }),
  row({ customer: 'northwind', environment: 'test' }),
  row({
    customer: 'northwind',
    environment: 'live',
    release: '1.0.0',
    lastAttempt: {
      release: '1.1.0',
      state: 'failed',
      at: minutesAgo(14),
      deployment: reported.id,
      durationMs: 13_000,
      exitCode: 1,
      rating: 2,
      comment: 'The migration was not in the notes.\nWe went back by hand.',
      struck: 3,
    },
    asOf: minutesAgo(12),
    ageSeconds: 720,
    behind: 1,
  }),
  row({
    customer: 'tailspin',
    environment: null,
    release: null,
    state: 'unknown',
    lastAttempt: null,
    asOf: null,
    ageSeconds: null,
    behind: 0,
  }),
];

const release = (number: string, facts: Partial<ReleaseView>): ReleaseView => ({
  process: 'Orders',
  release: number,
  digest: hex(number.replaceAll('.', 'e')),
  processRevision: 4,
  createdAt: minutesAgo(120),
  deployedTo: ['integration', 'qa'],
  lastRuns: [],
  tests: { passed: 42, failed: 0, skipped: 1 },
  verdict: { ok: true, by: 'jo@acme', note: 'Orders over 10,000 lines checked by hand' },
  withdrawn: null,
  publishedTo: [],
  ...facts,
});

/** The outward feed to `link`, oldest first, each line with its age in minutes. */
const outward = (
  link: string,
  lines: readonly (readonly [type: string, summary: string, minutes: number])[],
): StatusView['outbound'] =>
  lines.map(([type, summary, minutes], n) => ({ link, seq: n + 1, at: minutesAgo(minutes), type, summary }));

const at = (minutes: number): { readonly at: string } => ({ at: minutesAgo(minutes) });

const acmeLinks: StatusView['links'] = [
  overNats(link('contoso', 3, 'copper lantern meadow pilot quartz saddle', 0), true),
  link('metro', 1, 'anchor basil comet dune ember fjord', 0),
  {
    ...link('bankair', 60 * 24 * 5, 'garnet hollow island jacket kernel lemon', 14),
    kind: 'hand',
    transport: 'bundles by hand',
    outstanding: {
      toThem: { entries: 14, blobs: 2, blobBytes: 48_300_000 },
      toUs: { entries: 0, blobs: 0, blobBytes: 0 },
    },
    live: null,
    lastBundle: {
      number: 3,
      at: minutesAgo(60 * 24 * 2),
      receipted: false,
      unconfirmedEntries: 14,
      receiptedNumber: 2,
      hop: null,
    },
  },
  overNats(link('northwind', 12, 'marble nectar olive pepper quiver raven', 0), false, {
    code: 'HUB_UNREACHABLE',
    message: 'Cannot connect to tls://hub.acme.example:4222: nothing answers there',
    hint: 'See that the name, the port and the way there (firewall, proxy) are right; it is tried again.',
    since: minutesAgo(4),
    at: minutesAgo(1),
    over: false,
  }),
  {
    ...link('tailspin', 0, '', 1),
    state: 'invited',
    peer: null,
    fingerprint: null,
    heardAt: null,
    heardAgeSeconds: null,
    live: null,
  },
];

/** The vendor in the middle of the story: 1.1.0 failed at contoso, which went back to 1.0.0. */
export const acme: StatusView = {
  ...empty,
  instance: {
    name: 'acme',
    instanceId: '0195d1aa-0002-7d10-8f00-0e9a3b77c002',
    certificate: 'CN=Acme ISV, O=Acme Software GmbH, C=DE',
    fingerprint: 'amber falcon ribbon tundra glove orchid',
    version: '0.1.0',
    startedAt: minutesAgo(60 * 30),
  },
  links: acmeLinks,
  fleet,
  releases: [
    release('1.2.0', {
      createdAt: minutesAgo(6),
      processRevision: 5,
      deployedTo: ['integration'],
      tests: { passed: 40, failed: 3, skipped: 0 },
      verdict: null,
    }),
    release('1.1.0', {
      publishedTo: [
        { customer: 'contoso', state: 'failed', ...at(9) },
        { customer: 'metro', state: 'postponed', ...at(50) },
        { customer: 'bankair', state: 'queued', ...at(70) },
        { customer: 'northwind', state: 'failed', ...at(14) },
      ],
    }),
    release('1.0.0', {
      createdAt: minutesAgo(60 * 30),
      processRevision: 3,
      publishedTo: ['contoso', 'metro', 'bankair', 'northwind'].map((customer, n) => ({
        customer,
        state: 'done' as const,
        ...at(60 * (24 + n)),
      })),
    }),
    release('0.9.0', {
      createdAt: minutesAgo(60 * 24 * 20),
      processRevision: 2,
      withdrawn: 'loses the last order of a batch on upgrade',
      verdict: { ok: true, by: 'jo@acme', note: null },
    }),
  ],
  environments: [
    {
      name: 'integration',
      after: [],
      tags: ['test'],
      runs: [own('1.2.0', 5)],
      attempts: [],
    },
    {
      name: 'qa',
      after: ['integration'],
      tags: ['test'],
      runs: [own('1.1.0', 100)],
      attempts: [],
    },
  ],
  deployments: [
    deployment(1, { release: '1.2.0', requestedAt: minutesAgo(5) }),
    deployment(2, { release: '1.1.0', environment: 'qa', requestedAt: minutesAgo(100), requestedBy: 'jo' }),
    deployment(3, { release: '1.1.0', requestedAt: minutesAgo(115) }),
    deployment(4, { environment: 'qa', requestedAt: minutesAgo(60 * 29), requestedBy: 'jo' }),
    deployment(5, { requestedAt: minutesAgo(60 * 29.5) }),
  ],
  packages,
  outbound: ['bankair', 'northwind', 'metro', 'contoso'].flatMap((customer, n) =>
    outward(customer, [
      ['link.introduced', 'acme introduces itself: company certificate, instance key', 60 * 30],
      ['release.offered', 'Orders 1.0.0, 1 package, 2 inputs', 60 * 28],
      ['feed.received', `holds the feed of ${customer} up to 6`, 60 * 27],
      ['release.offered', 'Orders 1.1.0, 1 package, 2 inputs', 70],
      ['feed.received', `holds the feed of ${customer} up to 14`, 6 - n],
    ]),
  ),
  log: {
    entries: 143,
    feeds: [
      ['acme', 'self', 62],
      ['acme', 'contoso', 5],
      ['contoso', 'contoso', 14],
      ['acme', 'metro', 5],
      ['metro', 'metro', 11],
      ['acme', 'bankair', 19],
      ['bankair', 'bankair', 8],
      ['acme', 'northwind', 5],
      ['northwind', 'northwind', 14],
    ].map(([author, audience, seq], n) => ({
      feed: hex(`${n}e1f`),
      author: String(author),
      audience: String(audience),
      epoch: 1,
      seq: Number(seq),
      head: hex(`${n}c04b7`),
      frozen: false,
    })),
  },
};

/** The customer at the same moment: back on 1.0.0 in production, and 1.2.0 of another product asks for a secret. */
export const contoso: StatusView = {
  ...empty,
  instance: {
    name: 'contoso',
    instanceId: '0195d1aa-0003-7d10-8f00-0e9a3b77c003',
    certificate: 'CN=Contoso Operations, O=Contoso plc, C=GB',
    fingerprint: 'copper lantern meadow pilot quartz saddle',
    version: '0.1.0',
    startedAt: minutesAgo(60 * 29),
  },
  links: [link('acme', 3, 'amber falcon ribbon tundra glove orchid', 0)],
  offers: [
    {
      link: 'acme',
      process: 'Billing',
      release: '2.4.0',
      digest: hex('b2d0'),
      state: 'offered',
      reason: null,
      until: null,
      offeredAt: minutesAgo(4),
      packages: [
        { id: 'Billing.Api', version: '2.4.0', sizeBytes: 41_900_000, held: true },
        { id: 'Billing.Db', version: '2.4.0', sizeBytes: 3_120_000, held: false },
      ],
      inputs: [
        { name: 'ConnectionStrings.Ledger', label: 'Ledger database', secret: true, required: true },
        { name: 'Site.Port', label: null, secret: false, required: true },
        { name: 'Smtp.Host', label: 'Mail relay', secret: false, required: false },
      ],
      notes: 'Dunning letters can be sent in French.\nThe nightly run takes half as long as before.',
      expectedMs: 250_000,
    },
    {
      link: 'acme',
      process: 'Orders',
      release: '1.1.0',
      digest: hex('1e1e0'),
      state: 'accepted',
      reason: null,
      until: null,
      offeredAt: minutesAgo(70),
      packages: [{ id: 'Orders.Web', version: '1.1.0', sizeBytes: 48_213, held: true }],
      inputs: [
        { name: 'ConnectionStrings.Main', label: 'Main database', secret: true, required: true },
        { name: 'Site.Port', label: null, secret: false, required: true },
      ],
      notes: 'Orders can be searched by customer reference.',
      expectedMs: null,
    },
    {
      link: 'acme',
      process: 'Orders',
      release: '1.0.0',
      digest: hex('1e0e0'),
      state: 'accepted',
      reason: null,
      until: null,
      offeredAt: minutesAgo(60 * 28),
      packages: [{ id: 'Orders.Web', version: '1.0.0', sizeBytes: 48_313, held: true }],
      inputs: [],
      notes: null,
      expectedMs: null,
    },
  ],
  missingInputs: ['uat', 'production'].map((environment) => ({
    link: 'acme',
    process: 'Billing',
    release: '2.4.0',
    environment,
    name: 'ConnectionStrings.Ledger',
    label: 'Ledger database',
    secret: true,
  })),
  environments: [
    {
      name: 'uat',
      after: [],
      tags: ['test'],
      runs: [{ ...own('1.1.0', 31), link: 'acme' }],
      attempts: [],
    },
    {
      name: 'production',
      after: ['uat'],
      tags: [],
      runs: [{ ...own('1.0.0', 7), link: 'acme' }],
      attempts: [],
    },
  ],
  deployments: [
    deployment(11, {
      link: 'acme',
      environment: 'production',
      requestedBy: 'sam',
      requestedAt: minutesAgo(7),
      toldAt: minutesAgo(6),
      warning: 'Rolled back from 1.1.0.',
    }),
    deployment(12, {
      link: 'acme',
      release: '1.1.0',
      environment: 'production',
      state: 'failed',
      requestedBy: 'sam',
      requestedAt: minutesAgo(9),
      failedAt: { step: 2, stepId: 'web', convention: 10 },
      exitCode: 1,
      steps: timed(true, minutesAgo(9)),
      toldAt: null,
      error: 'Deploy.sh ended with exit code 1: orders.db is of version 7, this release needs 8',
    }),
    deployment(13, {
      link: 'acme',
      release: '1.1.0',
      environment: 'uat',
      requestedBy: 'sam',
      requestedAt: minutesAgo(31),
    }),
    deployment(14, {
      link: 'acme',
      environment: 'production',
      requestedBy: 'sam',
      requestedAt: minutesAgo(60 * 26),
    }),
    deployment(15, {
      link: 'acme',
      environment: 'uat',
      requestedBy: 'sam',
      requestedAt: minutesAgo(60 * 27),
    }),
  ],
  packages,
  outbound: outward('acme', [
    ['link.introduced', 'contoso introduces itself: company certificate, instance key', 60 * 29],
    ['feed.received', 'holds acme’s feed up to 2', 60 * 28],
    ['inputs.told', 'Orders 1.0.0: ConnectionStrings.Main set, Site.Port set', 60 * 27.5],
    ['deployment.reported', 'Orders 1.0.0 in uat: succeeded', 60 * 27],
    ['deployment.reported', 'Orders 1.0.0 in production: succeeded', 60 * 26],
    ['release.answered', 'Orders 1.1.0: accepted', 65],
    ['deployment.reported', 'Orders 1.1.0 in uat: succeeded', 31],
    ['deployment.reported', 'Orders 1.1.0 in production: failed at step 2, convention 10', 9],
    ['deployment.reported', 'Orders 1.0.0 in production: succeeded, rolled back from 1.1.0', 7],
    ['inputs.told', 'Billing 2.4.0: ConnectionStrings.Ledger missing', 4],
  ]),
  log: {
    entries: 57,
    feeds: [
      ['contoso', 'self', 40],
      ['contoso', 'acme', 10],
      ['acme', 'acme', 7],
    ].map(([author, audience, seq], n) => ({
      feed: hex(`${n}d2a`),
      author: String(author),
      audience: String(audience),
      epoch: 1,
      seq: Number(seq),
      head: hex(`${n}8f3c1`),
      frozen: false,
    })),
  },
};

/** An instance a minute after `init`. */
export const fabrikam: StatusView = empty;
