import { describe, expect, test } from 'vitest';
import { EvidenceError, readTestResults } from '../../src/evidence/index.ts';

const read = (xml: string) => readTestResults(Buffer.from(xml));

describe('test results of NUnit 3', () => {
  test('cases are counted by their result; what is neither passed nor left out has failed', () => {
    const results = read(`<?xml version="1.0"?><test-run testcasecount="99" passed="99" duration="1.5">
      <test-suite type="Assembly" name="a.dll" result="Failed" site="Child"><failure><message><![CDATA[One or more child tests had errors]]></message></failure>
        <test-suite type="TestFixture" name="Fixture" result="Failed">
          <test-case name="one" fullname="N.F.one" result="Passed" duration="0.1"/>
          <test-case name="warned" fullname="N.F.warned" result="Warning"/>
          <test-case name="ignored" result="Skipped" label="Ignored"><reason><message>later</message></reason></test-case>
          <test-case name="unsure" result="Inconclusive"/>
          <test-case name="bad" fullname="N.F.bad" result="Failed"><failure><message><![CDATA[ Expected: 1 ]]></message><stack-trace>at X</stack-trace></failure></test-case>
          <test-case name="odd" fullname="N.F.odd" result="Unheard"/>
        </test-suite></test-suite></test-run>`);
    expect(results).toEqual({
      format: 'nunit3',
      suites: 2,
      passed: 2,
      failed: 2,
      skipped: 2,
      durationMs: 1500,
      failures: [
        { name: 'N.F.bad', message: 'Expected: 1' },
        { name: 'N.F.odd', message: '' },
      ],
    });
  });

  test('a suite that failed by itself is one more that failed', () => {
    const results = read(`<test-run><test-suite name="F" fullname="N.F" result="Failed" site="TearDown">
      <failure><message>TearDown : disk full</message></failure><test-case name="one" result="Passed"/></test-suite></test-run>`);
    expect(results).toMatchObject({
      passed: 1,
      failed: 1,
      failures: [{ name: 'N.F', message: 'TearDown : disk full' }],
    });
  });
});

describe('test results of NUnit 2', () => {
  test('cases are counted by their result, and in the older form by whether they ran and went well', () => {
    const results =
      read(`<test-results name="a.dll" total="9"><test-suite name="a" executed="True" success="False" result="Failure"><results>
      <test-case name="A.one" executed="True" result="Success" success="True" time="0.01"/>
      <test-case name="A.two" executed="True" result="Error" success="False"><failure><message>boom</message><stack-trace/></failure></test-case>
      <test-case name="A.three" executed="False" result="Ignored"/>
      <test-case name="A.four" executed="True" success="True"/>
      <test-case name="A.five" executed="True" success="False"/>
      <test-case name="A.six" executed="False"/>
      </results></test-suite></test-results>`);
    expect(results).toMatchObject({
      format: 'nunit2',
      passed: 2,
      failed: 2,
      skipped: 2,
      failures: [{ name: 'A.two', message: 'boom' }, { name: 'A.five' }],
    });
  });
});

describe('test results of xUnit.net', () => {
  test('cases are counted, and errors outside of cases have failed too', () => {
    const results = read(`<assemblies><assembly name="a.dll" total="1" time="0.5">
      <errors><error type="assembly-cleanup" name="a.dll"><failure exception-type="X"><message>no cleanup</message></failure></error></errors>
      <collection name="C"><test name="N.C.one" type="N.C" method="one" time="0.1" result="Pass"/>
        <test name="N.C.two" result="Fail"><failure exception-type="E"><message><![CDATA[Assert.Equal]]></message></failure></test>
        <test type="N.C" method="three" result="Skip"><reason>later</reason></test></collection></assembly></assemblies>`);
    expect(results).toEqual({
      format: 'xunit',
      suites: 1,
      passed: 1,
      failed: 2,
      skipped: 1,
      durationMs: 500,
      failures: [
        { name: 'a.dll', message: 'no cleanup' },
        { name: 'N.C.two', message: 'Assert.Equal' },
      ],
    });
  });

  test('the form of its first version has classes', () => {
    expect(read('<assembly><class name="C"><test name="a" result="Pass"/></class></assembly>')).toMatchObject(
      {
        format: 'xunit',
        suites: 1,
        passed: 1,
      },
    );
  });
});

describe('TRX', () => {
  const trx = (results: string, more = ''): string =>
    `<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Times start="2026-01-01T10:00:00.000+01:00" finish="2026-01-01T10:00:02.500+01:00"/><Results>${results}</Results><ResultSummary outcome="Completed">${more}</ResultSummary></TestRun>`;
  const result = (name: string, outcome: string, inner = ''): string =>
    `<UnitTestResult testName="${name}" ${outcome && `outcome="${outcome}"`}>${inner}</UnitTestResult>`;
  const message = (text: string): string =>
    `<Output><StdOut>much</StdOut><ErrorInfo><Message>${text}</Message><StackTrace>at X</StackTrace></ErrorInfo></Output>`;

  test('results are counted by their outcome; one without has failed', () => {
    const xml = trx(
      [
        result('one', 'Passed'),
        result('two', 'Failed', message('no luck')),
        result('three', 'NotExecuted'),
        result('four', 'Timeout'),
        result('five', ''),
      ].join(''),
    );
    expect(read(xml)).toEqual({
      format: 'trx',
      suites: 1,
      passed: 1,
      failed: 3,
      skipped: 1,
      durationMs: 2500,
      failures: [
        { name: 'two', message: 'no luck' },
        { name: 'four', message: '' },
        { name: 'five', message: '' },
      ],
    });
  });

  test('of a test with data each row counts, and the whole only where it failed without them', () => {
    const rows = `<InnerResults>${result('a (1)', 'Passed')}${result('a (2)', 'Passed')}</InnerResults>`;
    expect(read(trx(result('a', 'Passed', rows)))).toMatchObject({ passed: 2, failed: 0 });
    expect(read(trx(result('a', 'Failed', rows)))).toMatchObject({ passed: 2, failed: 1 });
  });

  test('an error of the run that belongs to no test is not lost', () => {
    const run = (outcome: string): string =>
      `<RunInfos><RunInfo outcome="${outcome}"><Text>The test host crashed</Text></RunInfo></RunInfos>`;
    expect(read(trx(result('one', 'Passed'), run('Error')))).toMatchObject({
      passed: 1,
      failed: 1,
      failures: [{ name: 'the run', message: 'The test host crashed' }],
    });
    expect(read(trx(result('one', 'Passed'), run('Warning')))).toMatchObject({ passed: 1, failed: 0 });
  });
});

test.each([
  ['not well-formed', '<test-run><test-case></test-run>'],
  ['a document type', '<!DOCTYPE x [<!ENTITY a "b">]><TestRun/>'],
  ['too deep', `<assemblies>${'<collection>'.repeat(200)}`],
  ['nothing at all', ''],
])('%s is refused with its place', (_what, xml) => {
  expect(() => read(xml)).toThrow(EvidenceError);
  expect(() => read(xml)).toThrow(/line \d+, column \d+/);
});
