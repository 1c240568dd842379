import { setImmediate } from 'node:timers/promises';
import { CrossgapError, exitCodes } from '../../../src/errors.ts';
import type {
  Check,
  Decision,
  FileSite,
  InputStanding,
  InstanceSite,
  Maker,
  Release,
  Remark,
  ReleaseSite,
  ResultLine,
  ResultWish,
  RunKind,
  RunOutcome,
  Standing,
  UnusedValue,
  Values,
  Wait,
  Work,
} from '../../../src/guide/index.ts';

/** A machine that exists on paper only, and what the guide did to it. */
export type FakeSite = FileSite & FakeNotes;

/** The same release at an instance that has it already. */
export type FakeInstance = InstanceSite & FakeNotes;

export type FakeNotes = {
  /** What was asked of it, in order; values by name alone. */
  readonly asked: string[];
  readonly kept: Record<string, string>;
  readonly decisions: Decision[];
  readonly wishes: ResultWish[];
};

export type FakeFacts = {
  readonly maker?: Partial<Maker>;
  readonly release?: Partial<Release>;
  readonly standing?: Partial<Standing>;
  /** What stands in other environments than production. */
  readonly others?: Readonly<Record<string, Partial<Standing>>>;
  readonly inputs?: readonly InputStanding[];
  /** One look after the other; the last for all that follow. */
  readonly checks?: readonly (readonly Check[])[];
  /** What each run comes to, one after the other. */
  readonly outcomes?: readonly Partial<RunOutcome>[];
  /** What a run goes on with that was given otherwise now. */
  readonly unused?: readonly UnusedValue[];
  readonly tests?: Readonly<Record<string, Check>>;
  readonly lines?: readonly ResultLine[];
  /** What was said of the last run when it was told. */
  readonly lastRemark?: Remark;
  /** What is thrown at a call, each time it is made until the list is empty. */
  readonly failures?: Partial<Record<keyof FileSite, unknown[]>>;
  /** Holds a call until it is let go. */
  readonly holds?: Partial<Record<keyof FileSite, Promise<void>>>;
};

export const theWords = 'amber basin cedar delta ember falcon';
export const theSet = '5e'.repeat(32);
export const theSecret = 'Gräßlich-"geheim"/\\ 4711';

export class FakeRefusal extends CrossgapError {
  constructor(message: string) {
    super('FAKE_REFUSAL', exitCodes.verification, message, { hint: 'Ask the maker.' });
  }
}

const maker: Maker = {
  name: 'acme',
  company: 'CN=Acme ISV',
  words: theWords,
  fingerprint: 'ab'.repeat(32),
  believed: false,
  madeAt: '2026-03-02T09:15:00.000Z',
  site: { name: 'riverside', isNew: true },
};

const release: Release = {
  author: { name: maker.name, company: maker.company, madeAt: maker.madeAt },
  process: 'Orders',
  number: '3.2.0',
  digest: '5f'.repeat(32),
  notes: 'Tax rules of 2026.\nSlower start is mended.',
  packages: [
    {
      id: 'Orders.Db',
      version: '3.2.0',
      sizeBytes: 3_100_000,
      signer: 'CN=Acme ISV',
    },
    {
      id: 'Orders.Web',
      version: '3.2.0',
      sizeBytes: 42_000_000,
      signer: 'CN=Acme ISV',
    },
  ],
  environments: ['production'],
  takesAnyEnvironment: false,
  hasUninstall: true,
};

export function anInput(given: Partial<InputStanding> & Pick<InputStanding, 'name'>): InputStanding {
  return {
    label: null,
    help: null,
    group: null,
    type: 'text',
    choices: [],
    secret: false,
    mayBeShown: false,
    required: true,
    default: null,
    hasTest: false,
    isKnown: false,
    value: null,
    wasAsked: false,
    ...given,
  };
}

export const theInputs: readonly InputStanding[] = [
  anInput({
    name: 'ConnectionStrings.Main',
    label: 'Main database',
    help: 'As your DBA wrote it down.',
    group: 'Database',
    secret: true,
    mayBeShown: true,
    hasTest: true,
  }),
  anInput({ name: 'Site.Port', label: 'Port of the site', group: 'Web', type: 'port', default: '8080' }),
  anInput({
    name: 'Log.Level',
    label: 'How much is logged',
    group: 'Web',
    type: 'choice',
    choices: ['Debug', 'Warning'],
    default: 'Warning',
  }),
  anInput({ name: 'Smtp.Host', label: 'Mail server', group: 'Web', required: false }),
];

const standing: Standing = {
  environment: 'production',
  installed: null,
  compared: 'nothing-installed',
  previous: null,
  open: null,
  inputs: theInputs,
  changes: [],
  scripts: [
    {
      where: 'step Stop service',
      language: 'bash',
      from: 'the process',
      digest: '1a'.repeat(32),
      text: 'systemctl stop orders || true',
      remark: null,
      approval: { by: 'S. Officer', at: '2026-03-02T09:15:00.000Z', release: '3.1.0' },
      before: null,
      isNew: true,
    },
  ],
  consent: { set: theSet, isAsked: false },
  steps: [
    { id: 'stop-service', name: 'Stop service', kind: 'script', isManual: false, skippedBecause: null },
    { id: 'db', name: 'Db', kind: 'package', isManual: false, skippedBecause: null },
    { id: 'web', name: 'Web', kind: 'package', isManual: false, skippedBecause: null },
    {
      id: 'notify',
      name: 'Notify',
      kind: 'script',
      isManual: false,
      skippedBecause: 'it is for integration only',
    },
  ],
  inTheWay: null,
  expectedMs: 240_000,
};

export const goodChecks: readonly Check[] = [
  { id: 'space', name: 'Space on /', state: 'good', found: '16.2 GB free, 180 MB needed', hint: null },
  { id: 'account', name: 'Account', state: 'note', found: 'no step needs an administrator', hint: null },
];

export const portTaken: Check = {
  id: 'port',
  name: 'Port 8080',
  state: 'lacking',
  found: 'nginx listens on it',
  hint: 'Stop nginx, or give another port.',
};

export const aWait: Wait = {
  wait: 1,
  for: 'confirmation',
  step: 'Check with the DBA',
  stepId: 'check-with-the-dba',
  text: 'Ask for the backup ticket and note its number.',
  offers: ['approve', 'refuse'],
};

const theLines: readonly ResultLine[] = [
  { id: 'release', text: 'Orders 3.2.0 in production', mayBeStruck: false },
  { id: 'outcome', text: 'succeeded in 3.4 s', mayBeStruck: false },
  { id: 'host', text: 'on host plant-7', mayBeStruck: true },
  { id: 'step-1', text: 'step 1 Stop service: succeeded, 0.4 s', mayBeStruck: true },
];

const siteFacts = {
  programVersion: '0.1.0',
  platform: 'linux-x64',
  dataFolder: '/var/lib/crossgap',
  account: 'root',
};

type Called = (name: keyof FileSite, said: string) => Promise<void>;

/** What is done once the release is here, with what was asked; all goes well, but for what is said. */
function onceHere(facts: FakeFacts): FakeNotes & ReleaseSite & { readonly called: Called } {
  const asked: string[] = [];
  const kept: Record<string, string> = {};
  const decisions: Decision[] = [];
  const wishes: ResultWish[] = [];
  const outcomes = [...(facts.outcomes ?? [])];
  const looks = [...(facts.checks ?? [goodChecks])];
  const failures = structuredCloneOfLists(facts.failures ?? {});
  let installed: Partial<Standing> = {};

  const called: Called = async (name, said) => {
    asked.push(said);
    await facts.holds?.[name];
    const failure = failures[name]?.shift();
    if (failure !== undefined) throw failure;
  };

  return {
    asked,
    kept,
    decisions,
    wishes,
    called,
    async judgeSignatures() {
      // Files are read: that is never done in the same breath.
      await setImmediate();
      return release.packages.map(({ id, version }) => ({
        id,
        version,
        steps: ['time stamp (absent): none'],
      }));
    },
    async standing(environment) {
      await called('standing', `standing ${environment}`);
      const other = environment === 'production' ? facts.standing : facts.others?.[environment];
      return {
        ...standing,
        environment,
        ...(facts.inputs && { inputs: facts.inputs }),
        ...other,
        ...installed,
      };
    },
    async approveScripts(_environment, { set, by, note }, whose) {
      await called(
        'approveScripts',
        `approve ${by} ${note ?? ''}`.trimEnd() + (whose === undefined ? '' : ` ${whose}`),
      );
      const { previous = null, scripts = standing.scripts } = facts.standing ?? {};
      const approval = { by: by ?? 'root', at: '2026-03-03T09:15:00.000Z', release: '3.2.0' };
      const approved = (all: Standing['scripts']) => all.map((script) => ({ ...script, approval }));
      const asked = whose === undefined ? undefined : previous?.asked;
      if (set !== (asked?.consent.set ?? theSet))
        throw new FakeRefusal('Cannot approve: these are other scripts');
      installed = asked
        ? {
            ...installed,
            previous: { ...previous!, asked: { ...asked, scripts: approved(asked.scripts) } },
          }
        : { ...installed, scripts: approved(scripts) };
    },
    async check(_environment, values, { signal }) {
      const ended = (): void => void asked.push('check is ended');
      signal.addEventListener('abort', ended);
      await called('check', `check ${namesOf(values)}`.trimEnd());
      signal.removeEventListener('abort', ended);
      return (looks.length > 1 ? looks.shift() : looks[0]) ?? [];
    },
    async tryInput(_environment, name) {
      await called('tryInput', `try ${name}`);
      const good: Check = { id: `test:${name}`, name, state: 'good', found: 'it answers', hint: null };
      return facts.tests?.[name] ?? good;
    },
    async keep(_environment, values) {
      await called('keep', `keep ${namesOf(values)}`);
      Object.assign(kept, values);
    },
    async run(work, { tell, progress, signal }) {
      tell({ tone: 'plain', text: 'step 1 of 3 Stop service' });
      progress({ what: 'step', done: 1, of: 3 });
      await called('run', saidOf(work));
      const outcome = outcomes.shift() ?? {};
      tell({ tone: 'good', text: 'step 3 of 3 Web: succeeded' });
      const state = signal.aborted ? 'interrupted' : (outcome.state ?? 'succeeded');
      const whole = { ...outcomeOf(), kind: kindOf(work, facts), ...outcome, state };
      if (state === 'succeeded') installed = { ...installed, open: null, compared: 'same' };
      return whole;
    },
    async unusedValues(_environment, _deployment, values) {
      return (facts.unused ?? []).filter(({ name }) => name in values);
    },
    async decide(_deployment, _wait, decision) {
      await called('decide', `decide ${decision.answer}`);
      decisions.push(decision);
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** A machine to which a file was carried, where all goes well, but for what is said. */
export function fakeSite(facts: FakeFacts = {}): FakeSite {
  const { called, ...here } = onceHere(facts);
  const { wishes } = here;
  return {
    ...here,
    facts: { ...siteFacts, carried: { path: '/media/stick/orders-3.2.0-installer', sizeBytes: 61_000_000 } },
    async verify(tell) {
      tell({ what: 'bytes', done: 0, of: 61_000_000 });
      await called('verify', 'verify');
      tell({ what: 'bytes', done: 61_000_000, of: 61_000_000 });
      return { ...maker, ...facts.maker };
    },
    async believe(proof) {
      await called('believe', 'believe');
      if ('words' in proof && proof.words !== theWords) {
        throw new FakeRefusal('Cannot believe acme: these are not its words');
      }
    },
    async takeIn(tell) {
      tell({ what: 'parts', done: 1, of: 2 });
      await called('takeIn', 'take in');
      return { ...release, ...facts.release };
    },
    async lastRemark() {
      await called('lastRemark', 'last remark');
      return facts.lastRemark ?? null;
    },
    async previewResult(wish) {
      await called('previewResult', 'preview');
      wishes.push(wish);
      return facts.lines ?? theLines;
    },
    async writeResult(wish, out) {
      await called('writeResult', `write ${out}`);
      wishes.push(wish);
      return {
        file: out,
        sizeBytes: 4096,
        sha256: 'cd'.repeat(32),
        to: 'acme',
        words: 'gamma hazel iris jade',
      };
    },
  };
}

/** An instance that has the same release already. */
export function fakeInstance(facts: FakeFacts = {}): FakeInstance {
  const { called, ...here } = onceHere(facts);
  return {
    ...here,
    facts: { ...siteFacts, carried: null },
    async release() {
      await called('takeIn', 'release');
      return { ...release, ...facts.release };
    },
  };
}

const namesOf = (values: Values): string => Object.keys(values).join(' ');

function saidOf(work: Work): string {
  const again = work.kind === 'install' && work.again ? ' again' : '';
  const instead = work.kind === 'install' && work.instead !== undefined ? ` instead of ${work.instead}` : '';
  return `run ${work.kind}${again}${instead}${'deployment' in work ? ` ${work.deployment}` : ''}`;
}

/** What a run is for; one that is gone on with or started over stays what it was. */
function kindOf({ kind }: Work, { standing: { open } = {} }: FakeFacts): RunKind {
  return kind === 'resume' || kind === 'start-over' ? (open?.kind ?? 'install') : kind;
}

function outcomeOf(): Omit<RunOutcome, 'kind'> {
  return {
    deployment: 'd-1',
    digest: '5f'.repeat(32),
    state: 'succeeded',
    number: '3.2.0',
    durationMs: 3400,
    error: null,
    at: null,
    wait: null,
    steps: [
      { name: 'Stop service', state: 'succeeded', durationMs: 400 },
      { name: 'Db', state: 'succeeded', durationMs: 1000 },
      { name: 'Web', state: 'succeeded', durationMs: 2000 },
    ],
    logFile: '/var/lib/crossgap/runs/d-1/log.txt',
    foldersLeft: [],
    lastLines: ['done'],
    document: { id: 'd-1', state: 'succeeded' },
  };
}

function structuredCloneOfLists(
  failures: NonNullable<FakeFacts['failures']>,
): Partial<Record<keyof FileSite, unknown[]>> {
  return Object.fromEntries(Object.entries(failures).map(([name, all]) => [name, [...all]]));
}
