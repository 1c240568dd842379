import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EvidenceError, readTestResults } from '../../src/evidence/index.ts';

const read = (xml: string) => readTestResults(Buffer.from(xml));
const refusal = (xml: string | Uint8Array): EvidenceError => {
  try {
    readTestResults(Buffer.from(xml));
  } catch (error) {
    if (error instanceof EvidenceError) return error;
    throw error;
  }
  throw new Error('the results were taken');
};

describe('test results in the JUnit form', () => {
  test('cases are counted, and what a suite says about itself is not believed', () => {
    const results = read(`<?xml version="1.0" encoding="UTF-8"?>
      <testsuites tests="99" failures="0">
        <testsuite name="a" tests="0"><testcase classname="A" name="one"/><testcase name="two"><skipped/></testcase>
          <testsuite name="inner"><testcase name="three"><error type="Boom"/></testcase></testsuite>
        </testsuite>
        <testsuite name="b"><testcase classname="B" name="four"><failure message="no &lt;luck&gt;">at line 3</failure></testcase></testsuite>
      </testsuites>`);
    expect(results).toEqual({
      format: 'junit',
      suites: 3,
      passed: 1,
      failed: 2,
      skipped: 1,
      failures: [
        { name: 'three', message: 'Boom' },
        { name: 'B.four', message: 'no <luck>\nat line 3' },
      ],
    });
  });

  test('a single suite may be the outermost element', () => {
    expect(read('<testsuite><testcase name="a"/></testsuite>')).toMatchObject({ suites: 1, passed: 1 });
  });

  test('a case that failed and was skipped has failed, and one with two reasons failed once', () => {
    const results = read(
      '<testsuite><testcase name="a"><skipped/><failure message="x"/></testcase><testcase name="b"><failure/><error/></testcase></testsuite>',
    );
    expect(results).toMatchObject({ passed: 0, failed: 2, skipped: 0 });
  });

  test('a rerun that passed in the end has passed', () => {
    const xml = '<testsuite><testcase name="a"><flakyFailure message="x"/></testcase></testsuite>';
    expect(read(xml)).toMatchObject({ passed: 1, failed: 0 });
  });

  test('a suite that fails outside its cases counts as a failure', () => {
    const xml = '<testsuite name="s"><error message="set-up died"/><testcase name="a"/></testsuite>';
    expect(read(xml)).toMatchObject({ passed: 1, failed: 1, failures: [{ message: 'set-up died' }] });
  });

  test('words such as failure in captured output are not failures', () => {
    const xml =
      '<testsuite><testcase name="a"><system-out><![CDATA[<failure/>]]></system-out></testcase><system-err>x<failure/></system-err></testsuite>';
    expect(read(xml)).toMatchObject({ passed: 1, failed: 0 });
  });

  test('the duration is that of the outermost level that tells one', () => {
    const xml =
      '<testsuites><testsuite time="1,000.5"><testcase name="a" time="7"/></testsuite><testsuite time="1"/></testsuites>';
    expect(read(xml).durationMs).toBe(1_001_500);
    expect(read('<testsuite time="NaN"><testcase name="a" time="0.25"/></testsuite>').durationMs).toBe(250);
  });

  test('at most a thousand failures are kept, cut to a length, and all are counted', () => {
    const one = `<testcase name="a"><failure message="${'x'.repeat(5000)}"/></testcase>`;
    const results = read(`<testsuite>${one.repeat(1200)}</testsuite>`);
    expect(results.failed).toBe(1200);
    expect(results.failures).toHaveLength(1000);
    expect(results.failures[0]?.message).toHaveLength(2000);
  });

  test('UTF-16 and declared Latin-1 are read', () => {
    const utf16 = Buffer.from(
      '\uFEFF<testsuite><testcase name="ä"><failure/></testcase></testsuite>',
      'utf16le',
    );
    expect(readTestResults(utf16).failures[0]?.name).toBe('ä');
    const latin = Buffer.from(
      '<?xml version="1.0" encoding="ISO-8859-1"?><testsuite><testcase name="ä"><failure/></testcase></testsuite>',
      'latin1',
    );
    expect(readTestResults(latin).failures[0]?.name).toBe('ä');
  });
});

describe('what is not taken as test results', () => {
  test.each([
    ['<html/>', 'html'],
    ['<constructor/>', 'constructor'],
  ])('%s is refused by name', (xml, name) => {
    expect(refusal(xml)).toMatchObject({ code: 'EVIDENCE_FORMAT_NOT_SUPPORTED', exitCode: 2 });
    expect(refusal(xml).message).toContain(name);
  });

  test('a file that is not well-formed is refused with line and column', () => {
    const error = refusal('<testsuite>\n  <testcase name="a">\n</testsuite>');
    expect(error.code).toBe('EVIDENCE_NOT_READABLE');
    expect(error.details).toMatchObject({ line: 3 });
  });

  test.each([
    ['an empty file', ''],
    ['a truncated file', '<testsuite><testcase name="a"/>'],
    ['a document type', '<!DOCTYPE t [<!ENTITY a "b">]><testsuite/>'],
    ['a case in a case', '<testsuite><testcase><testcase/></testcase></testsuite>'],
    ['a hundred thousand levels', '<testsuite>'.repeat(100_000)],
    ['an encoding nobody knows', '<?xml version="1.0" encoding="x-klingon"?><testsuite/>'],
  ])('%s is refused', (_what, xml) => {
    expect(refusal(xml).code).toBe('EVIDENCE_NOT_READABLE');
  });

  test('bytes that are no UTF-8 are refused', () => {
    expect(refusal(Uint8Array.of(0x3c, 0xff, 0xfe)).code).toBe('EVIDENCE_NOT_READABLE');
  });

  test('whatever the bytes, the answer is results or an EvidenceError', () => {
    const good =
      '<testsuites><testsuite time="1"><testcase name="a"><failure>x</failure></testcase></testsuite></testsuites>';
    const mutated = fc
      .tuple(fc.nat(good.length), fc.nat(10), fc.string({ maxLength: 8 }))
      .map(([at, length, put]) => Buffer.from(good.slice(0, at) + put + good.slice(at + length)));
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        try {
          expect(readTestResults(bytes).format).toBe('junit');
        } catch (error) {
          expect(error).toBeInstanceOf(EvidenceError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
