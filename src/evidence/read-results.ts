import { SaxesParser } from 'saxes';
import { readDotnetResults } from './dotnet-forms.ts';
import { EvidenceError } from './errors.ts';
import { readJunit } from './junit.ts';
import { decodeResults } from './results-text.ts';
import { notReadable, type ResultFormat, type TestResults } from './test-results.ts';

const formatOf: Readonly<Record<string, ResultFormat>> = {
  testsuites: 'junit',
  testsuite: 'junit',
  'test-run': 'nunit3',
  'test-results': 'nunit2',
  assemblies: 'xunit',
  assembly: 'xunit',
  TestRun: 'trx',
};

/**
 * Reads test results in the form that their outermost element tells: JUnit, NUnit 2 and 3, xUnit.net, TRX. Totals are
 * counted from the cases; what a file says about itself is not believed. Throws EvidenceError: `EVIDENCE_NOT_READABLE`
 * with line and column for what is not well-formed or has a document type, `EVIDENCE_FORMAT_NOT_SUPPORTED` for another
 * kind of file, `EVIDENCE_TOO_LARGE`.
 */
export function readTestResults(bytes: Uint8Array): TestResults {
  const text = decodeResults(bytes);
  const format = formatOfText(text);
  return format === 'junit' ? readJunit(text) : readDotnetResults(text, format);
}

class Found extends Error {
  readonly root: string;
  constructor(root: string) {
    super(root);
    this.root = root;
  }
}

function formatOfText(text: string): ResultFormat {
  const parser = new SaxesParser({ xmlns: false, position: true });
  const refuse = (what: string): EvidenceError => notReadable(what, parser.line, parser.columnIndex + 1);
  parser.on('error', (error) => {
    throw refuse(error.message.replace(/^\d+:\d+: /, '').replace(/\.$/, ''));
  });
  parser.on('doctype', () => {
    throw refuse('it has a document type');
  });
  parser.on('opentag', ({ name }) => {
    throw new Found(name);
  });
  try {
    parser.write(text).close();
  } catch (error) {
    if (!(error instanceof Found)) throw error;
    const { root } = error;
    const format = Object.hasOwn(formatOf, root) ? formatOf[root] : undefined;
    if (format !== undefined) return format;
    throw new EvidenceError(
      'EVIDENCE_FORMAT_NOT_SUPPORTED',
      `Cannot read the test results: the outermost element is ${root}, which is none of JUnit, NUnit, xUnit.net or TRX`,
      {
        hint: 'Let the test runner write JUnit XML (most have a logger or reporter for it).',
        details: { root, line: parser.line, column: parser.columnIndex + 1 },
      },
    );
  }
  throw refuse('it has no element');
}
