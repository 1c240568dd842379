import { Document, isScalar, visit, YAMLSeq, type Node, type Scalar } from 'yaml';

/** What a scalar says: every scalar is read as text. */
export function scalarText({ value }: Scalar): string {
  return typeof value === 'string' ? value : '';
}

/** The new text of a scalar: plain stays plain where it is still read as this one scalar, single quotes stay single. */
export function newScalar(value: string, style: string | undefined, inFlow: boolean): string {
  if (style === 'PLAIN' && isPlain(value, inFlow)) return value;
  return style !== 'QUOTE_DOUBLE' && isSingleQuotable(value)
    ? `'${value.replaceAll("'", "''")}'`
    : doubleQuoted(value);
}

/** The value in double quotes on one line; what JSON writes there YAML reads the same way. */
export function doubleQuoted(value: string): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The node as it can stand inside brackets. */
export function flowText(contents: Node): string {
  if (isScalar(contents) && contents.tag === undefined && contents.anchor === undefined) {
    return newScalar(
      scalarText(contents),
      contents.type?.startsWith('QUOTE') ? contents.type : 'PLAIN',
      true,
    );
  }
  // What is not there has no place between two commas.
  visit(contents, {
    Scalar: (_key, node) => {
      if (node.value === '' && (node.type === undefined || node.type === 'PLAIN')) node.value = 'null';
    },
  });
  const around = new YAMLSeq();
  around.flow = true;
  around.items.push(contents);
  const document = new Document(null, { schema: 'failsafe', logLevel: 'error' });
  document.contents = around as never;
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false }).trim();
  return text.slice(1, -1).trim().replace(/,$/, '');
}

// oxlint-disable-next-line no-control-regex -- what YAML lets stand in double quotes only
const special = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]|\p{Surrogate}/u;

/** An empty one is read as one scalar too, between two brackets only in quotes. */
function isPlain(value: string, inFlow: boolean): boolean {
  if (value === '') return !inFlow;
  if (special.test(value) || /^ | $|^(?:---|\.\.\.)/.test(value)) return false;
  if (/^[#,[\]{}&*!|>"'%@`]/.test(value) || /^[-?:](?: |$)/.test(value)) return false;
  if (/:(?: |$)| #/.test(value)) return false;
  return !inFlow || !/[,?[\]{}:]/.test(value);
}

function isSingleQuotable(value: string): boolean {
  return !special.test(value);
}
