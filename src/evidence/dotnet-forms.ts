/**
 * Test results as the runners of .NET write them. They have in common that a case says by an attribute how it went, and
 * that a message stands in an element of its own:
 *
 *     NUnit 3    test-run      test-suite…  test-case @result @fullname        failure/message
 *     NUnit 2    test-results  test-suite…  test-case @result, or @executed and @success
 *     xUnit.net  assemblies    assembly  collection (v1: class)  test @result   failure/message, errors/error
 *     TRX        TestRun       Results  UnitTestResult @outcome                 Output/ErrorInfo/Message, RunInfo/Text
 *
 * A suite can fail by itself, in what is done before or after its cases: it counts as one more that failed where none of
 * its cases did. So does an error of the run that belongs to no case.
 */
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import {
  depthMax,
  messageLengthMax,
  notReadable,
  Tally,
  type CaseOutcome,
  type ResultFormat,
  type TestResults,
} from './test-results.ts';

type Attributes = Readonly<Record<string, string>>;

/** How one form says things. */
type Form = {
  readonly suites: ReadonlySet<string>;
  readonly cases: ReadonlySet<string>;
  readonly name: (attributes: Attributes) => string | undefined;
  /** How a case, or something that can fail like one, went; undefined where it says nothing about itself. */
  readonly outcome: (tag: SaxesTagPlain) => CaseOutcome | undefined;
  /** What fails though it is no case. */
  readonly troubles: ReadonlySet<string>;
  readonly messages: ReadonlySet<string>;
  readonly duration: (tag: SaxesTagPlain) => number | undefined;
};

const seconds = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+(?:[.,]\d+)?(?:[eE]-?\d+)?$/.test(text)
    ? Number(text.replace(',', '.')) * 1000
    : undefined;

const among = (text: string | undefined, outcomes: Readonly<Record<string, CaseOutcome>>): CaseOutcome =>
  // What is not known to be well is not well.
  (text !== undefined && Object.hasOwn(outcomes, text) ? outcomes[text] : undefined) ?? 'failed';

const nunit3Outcomes = {
  Passed: 'passed',
  Warning: 'passed',
  Skipped: 'skipped',
  Inconclusive: 'skipped',
} as const;
const nunit2Outcomes = {
  Success: 'passed',
  Ignored: 'skipped',
  Skipped: 'skipped',
  Inconclusive: 'skipped',
} as const;
const xunitOutcomes = { Pass: 'passed', Skip: 'skipped', NotRun: 'skipped' } as const;
const trxOutcomes = {
  Passed: 'passed',
  PassedButRunAborted: 'passed',
  Completed: 'passed',
  Warning: 'passed',
  NotExecuted: 'skipped',
  NotRunnable: 'skipped',
  Inconclusive: 'skipped',
  Pending: 'skipped',
} as const;

const none: ReadonlySet<string> = new Set();
const named = ({ fullname, name }: Attributes): string | undefined => fullname ?? name;

const forms: Readonly<Record<Exclude<ResultFormat, 'junit'>, Form>> = {
  nunit3: {
    suites: new Set(['test-suite']),
    cases: new Set(['test-case']),
    name: named,
    outcome: ({ attributes }) => among(attributes['result'], nunit3Outcomes),
    troubles: none,
    messages: new Set(['message']),
    duration: ({ name, attributes }) => (name === 'test-run' ? seconds(attributes['duration']) : undefined),
  },
  nunit2: {
    suites: new Set(['test-suite']),
    cases: new Set(['test-case']),
    name: named,
    outcome({ attributes: { result, executed, success } }) {
      if (result !== undefined) return among(result, nunit2Outcomes);
      if (executed === 'False') return 'skipped';
      return success === 'True' ? 'passed' : 'failed';
    },
    troubles: none,
    messages: new Set(['message']),
    duration: () => undefined,
  },
  xunit: {
    suites: new Set(['collection', 'class']),
    cases: new Set(['test']),
    name: ({ name, type, method }) => name ?? [type, method].filter(Boolean).join('.'),
    outcome: ({ attributes }) => among(attributes['result'], xunitOutcomes),
    troubles: new Set(['error']),
    messages: new Set(['message']),
    duration: ({ name, attributes }) => (name === 'assembly' ? seconds(attributes['time']) : undefined),
  },
  trx: {
    suites: none,
    cases: new Set([
      'UnitTestResult',
      'TestResult',
      'TestResultAggregation',
      'GenericTestResult',
      'ManualTestResult',
      'WebTestResult',
      'LoadTestResult',
    ]),
    name: ({ testName }) => testName,
    outcome: ({ name, attributes }) => {
      if (name !== 'RunInfo') return among(attributes['outcome'], trxOutcomes);
      return ['Error', 'Failed', 'Aborted'].includes(attributes['outcome'] ?? '') ? 'failed' : undefined;
    },
    troubles: new Set(['RunInfo']),
    messages: new Set(['Message', 'Text']),
    duration({ name, attributes }) {
      if (name !== 'Times') return undefined;
      const span = Date.parse(attributes['finish'] ?? '') - Date.parse(attributes['start'] ?? '');
      return Number.isFinite(span) && span >= 0 ? span : undefined;
    },
  },
};

/** What is open and can fail: a case, a suite, or trouble of the run. */
type Open = {
  readonly kind: 'case' | 'suite' | 'trouble';
  readonly depth: number;
  readonly name: string;
  readonly outcome: CaseOutcome | undefined;
  message: string;
  /** How many cases were counted, and how many had failed, when it began. */
  readonly before: { readonly all: number; readonly failed: number };
};

/** Reads results whose outermost element is known to be of this form. Throws EvidenceError `EVIDENCE_NOT_READABLE`. */
export function readDotnetResults(text: string, format: Exclude<ResultFormat, 'junit'>): TestResults {
  const form = forms[format];
  const parser = new SaxesParser({ xmlns: false, position: true });
  const refuse = (what: string): Error => notReadable(what, parser.line, parser.columnIndex + 1);
  const tally = new Tally();
  const open: Open[] = [];
  let depth = 0;
  let suites = 0;
  let durationMs: number | undefined;
  let isMessage = false;

  const counted = () => ({
    all: tally.totals.passed + tally.totals.failed + tally.totals.skipped,
    failed: tally.totals.failed,
  });
  const close = (one: Open): void => {
    const now = counted();
    const said = one.message.trim();
    if (one.kind === 'suite') {
      const failedItself = one.outcome === 'failed' && said !== '' && now.failed === one.before.failed;
      if (failedItself) tally.add('failed', one.name, said);
      return;
    }
    if (one.outcome === undefined) return;
    // A case made of others is known by them, unless it failed and none of them did.
    const isWhole = now.all === one.before.all;
    if (isWhole || (one.outcome === 'failed' && now.failed === one.before.failed)) {
      tally.add(one.outcome, one.name, said);
    }
  };

  parser.on('error', (error) => {
    throw refuse(error.message.replace(/^\d+:\d+: /, '').replace(/\.$/, ''));
  });
  parser.on('doctype', () => {
    throw refuse('it has a document type');
  });
  parser.on('opentag', (tag) => {
    if (depth >= depthMax) throw refuse(`elements stand more than ${depthMax} deep in one another`);
    depth += 1;
    const ms = form.duration(tag);
    if (ms !== undefined) durationMs = (durationMs ?? 0) + ms;
    const kind = form.cases.has(tag.name)
      ? 'case'
      : form.suites.has(tag.name)
        ? 'suite'
        : form.troubles.has(tag.name)
          ? 'trouble'
          : undefined;
    isMessage = open.length > 0 && form.messages.has(tag.name);
    if (kind === undefined) return;
    if (kind === 'suite') suites += 1;
    const outcome = kind === 'trouble' && format === 'xunit' ? 'failed' : form.outcome(tag);
    const name = form.name(tag.attributes) || tag.attributes['name'] || nameless[kind];
    open.push({ kind, depth, name, outcome, message: '', before: counted() });
  });
  const addText = (more: string): void => {
    const current = open.at(-1);
    if (isMessage && current !== undefined && current.message.length < messageLengthMax)
      current.message += more;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    isMessage = false;
    if (open.at(-1)?.depth === depth) close(open.pop()!);
    depth -= 1;
  });
  parser.write(text).close();
  return {
    format,
    suites: Math.max(suites, 1),
    ...tally.totals,
    ...(durationMs === undefined ? {} : { durationMs: Math.round(durationMs) }),
    failures: tally.failures,
  };
}

const nameless = { case: 'a case without a name', suite: 'suite', trouble: 'the run' } as const;
