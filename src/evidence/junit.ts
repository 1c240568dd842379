/**
 * Test results in the JUnit form: `testsuites` or one `testsuite`, suites within suites, `testcase` with `failure`,
 * `error` or `skipped` inside. The totals are counted from the cases; what a suite says about itself is not believed.
 */
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { depthMax, messageLengthMax, notReadable, Tally, type TestResults } from './test-results.ts';

type Case = { name: string; outcome: 'passed' | 'failed' | 'skipped'; message: string | undefined };

/** Reads results whose outermost element is known to be of this form. Throws EvidenceError `EVIDENCE_NOT_READABLE`. */
export function readJunit(text: string): TestResults {
  const parser = new SaxesParser({ xmlns: false, position: true });
  const refuse = (what: string): Error => notReadable(what, parser.line, parser.columnIndex + 1);
  const tally = new Tally();
  const open: string[] = [];
  const times = new Map<number, number>();
  let suites = 0;
  let current: Case | undefined;
  let reason: { text: string; holder: Case } | undefined;

  const finish = (done: Case): void => tally.add(done.outcome, done.name, done.message ?? '');

  parser.on('error', (error) => {
    throw refuse(error.message.replace(/^\d+:\d+: /, '').replace(/\.$/, ''));
  });
  parser.on('doctype', () => {
    throw refuse('it has a document type');
  });
  parser.on('opentag', (tag) => {
    const depth = open.length;
    const above = open.at(-1);
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
    ...tally.totals,
    ...(durationMs === undefined ? {} : { durationMs: Math.round(durationMs) }),
    failures: tally.failures,
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
