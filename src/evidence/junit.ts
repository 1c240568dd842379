/**
 * Test results in the JUnit form: `testsuites` or one `testsuite`, suites within suites, `testcase` with `failure`,
 * `error` or `skipped` inside. The totals are counted from the cases; what a suite says about itself is not believed.
 */
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { EvidenceError } from './errors.ts';
import { decodeResults } from './results-text.ts';

export type TestFailure = { readonly name: string; readonly message: string };

export type TestResults = {
  readonly format: 'junit';
  /** How many `testsuite` elements there are. */
  readonly suites: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly durationMs?: number;
  /** The first 1000 that failed, their messages cut at 2000 characters. */
  readonly failures: readonly TestFailure[];
};

const failuresMax = 1000;
const messageLengthMax = 2000;
const nameLengthMax = 500;
const depthMax = 100;

const otherFormats: Readonly<Record<string, string>> = {
  'test-run': 'NUnit 3',
  'test-results': 'NUnit 2',
  assemblies: 'xUnit.net',
  assembly: 'xUnit.net',
  TestRun: 'TRX (Visual Studio)',
};

type Case = { name: string; outcome: 'passed' | 'failed' | 'skipped'; message: string | undefined };

/**
 * Reads test results. Throws EvidenceError: `EVIDENCE_NOT_READABLE` with line and column for what is not well-formed
 * or has a document type, `EVIDENCE_FORMAT_NOT_SUPPORTED` for another kind of file, `EVIDENCE_TOO_LARGE`.
 */
export function readTestResults(bytes: Uint8Array): TestResults {
  const text = decodeResults(bytes);
  const parser = new SaxesParser({ xmlns: false, position: true });
  const refuse = (what: string): EvidenceError => notReadable(what, parser.line, parser.columnIndex + 1);
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const failures: TestFailure[] = [];
  const open: string[] = [];
  const times = new Map<number, number>();
  let suites = 0;
  let current: Case | undefined;
  let reason: { text: string; holder: Case } | undefined;

  const finish = (done: Case): void => {
    totals[done.outcome] += 1;
    if (done.outcome !== 'failed' || failures.length >= failuresMax) return;
    failures.push({
      name: cut(done.name, nameLengthMax),
      message: cut(done.message ?? '', messageLengthMax),
    });
  };

  parser.on('error', (error) => {
    throw refuse(error.message.replace(/^\d+:\d+: /, '').replace(/\.$/, ''));
  });
  parser.on('doctype', () => {
    throw refuse('it has a document type');
  });
  parser.on('opentag', (tag) => {
    const depth = open.length;
    const above = open.at(-1);
    if (depth === 0) checkRoot(tag.name, parser.line, parser.columnIndex + 1);
    if (depth >= depthMax) throw refuse(`elements stand more than ${depthMax} deep in one another`);
    open.push(tag.name);
    const isContainer = tag.name === 'testsuite' || tag.name === 'testsuites';
    if (isContainer || tag.name === 'testcase') addTime(times, depth, tag.attributes['time']);
    if (tag.name === 'testsuite') suites += 1;
    if (tag.name === 'testcase') {
      if (current !== undefined) throw refuse('a test case stands inside another');
      current = { name: caseName(tag), outcome: 'passed', message: undefined };
    } else if (tag.name === 'failure' || tag.name === 'error') {
      if (above !== 'testcase' && above !== 'testsuite') return;
      // A suite can fail by itself, before its cases: that must not be lost.
      const holder = current ?? { name: 'suite', outcome: 'failed', message: undefined };
      holder.outcome = 'failed';
      reason = { text: tag.attributes['message'] ?? tag.attributes['type'] ?? '', holder };
    } else if (tag.name === 'skipped' && current?.outcome === 'passed' && above === 'testcase') {
      current.outcome = 'skipped';
    }
  });
  const addText = (more: string): void => {
    if (reason !== undefined && reason.text.length < messageLengthMax) {
      reason.text += reason.text === '' || more.trim() === '' ? more.trimStart() : `\n${more.trim()}`;
    }
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', (tag) => {
    open.pop();
    if ((tag.name === 'failure' || tag.name === 'error') && reason !== undefined) {
      reason.holder.message ??= reason.text.trim();
      if (current === undefined) finish(reason.holder);
      reason = undefined;
    } else if (tag.name === 'testcase' && current !== undefined) {
      finish(current);
      current = undefined;
    }
  });
  parser.write(text).close();

  const durationMs = [...times.entries()].toSorted(([a], [b]) => a - b)[0]?.[1];
  return {
    format: 'junit',
    suites,
    ...totals,
    ...(durationMs === undefined ? {} : { durationMs: Math.round(durationMs) }),
    failures,
  };
}

/** The outermost level that tells times counts: it holds those below. */
function addTime(times: Map<number, number>, depth: number, time: string | undefined): void {
  if (time === undefined || !/^\d[\d,]*(?:\.\d+)?(?:[eE]-?\d+)?$/.test(time.trim())) return;
  times.set(depth, (times.get(depth) ?? 0) + Number(time.replaceAll(',', '')) * 1000);
}

function caseName(tag: SaxesTagPlain): string {
  const { classname, name } = tag.attributes;
  return (
    [classname, name].filter((part) => part !== undefined && part !== '').join('.') || 'a case without a name'
  );
}

function checkRoot(name: string, line: number, column: number): void {
  if (name === 'testsuites' || name === 'testsuite') return;
  const format = Object.hasOwn(otherFormats, name) ? otherFormats[name] : undefined;
  throw new EvidenceError(
    'EVIDENCE_FORMAT_NOT_SUPPORTED',
    format === undefined
      ? `Cannot read the test results: the outermost element is ${name}, which is not the JUnit form`
      : `Cannot read the test results: this version can't read ${format} yet`,
    {
      hint: 'Let the test runner write JUnit XML (most have a logger or reporter for it).',
      details: { root: name, line, column },
    },
  );
}

function notReadable(what: string, line: number, column: number): EvidenceError {
  return new EvidenceError(
    'EVIDENCE_NOT_READABLE',
    `Cannot read the test results at line ${line}, column ${column}: ${what}`,
    { hint: 'Import the XML file that the test runner wrote, as it is.', details: { line, column } },
  );
}

function cut(text: string, lengthMax: number): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 3)}...`.toWellFormed() : text;
}
