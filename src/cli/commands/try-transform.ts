import { ConfigFileError, transformXml, type TransformMessage } from '../../config-files/index.ts';
import { command, needed, text, type Outcome } from '../command.ts';
import { readGivenFile, refuseInPlace, writeGivenFile } from '../given/files.ts';

const fileBytesMax = 1024 * 1024 * 1024;

export const tryTransform = command({
  path: 'try transform',
  about: 'What an XML transform (xdt:Transform) makes of a file; warnings and errors name their places',
  example: 'crossgap try transform web.config web.Release.config --out web.out.config',
  args: {
    SOURCE: needed('SOURCE', 'the XML file to transform; it is only read'),
    TRANSFORM: needed('TRANSFORM', 'the transform'),
  },
  options: {
    out: text('F', 'where the result goes; without it, to standard output'),
  },
  async run(context, { SOURCE, TRANSFORM }, { out }): Promise<Outcome> {
    refuseInPlace(out, [SOURCE, TRANSFORM]);
    const result = tried(SOURCE, TRANSFORM);
    const warnings = result.messages.filter(({ level }) => level === 'warning');
    const errors = result.messages.filter(({ level }) => level === 'error');
    // A file that can't be read is named by the failure itself.
    const told = result.messages.filter(({ kind }) => kind !== 'unreadable');
    for (const message of told) context.terminal.talk(lineOf(message, { SOURCE, TRANSFORM }));
    const { bytes, failure } = result;
    if (out !== undefined && bytes !== undefined) writeGivenFile(out, bytes);
    return {
      ...(out === undefined ? bytes && { bytes } : { document: { warnings, errors } }),
      ...(out !== undefined && bytes !== undefined && { text: `${out} is written` }),
      ...(failure && { failure }),
    };
  },
});

type Tried = {
  readonly bytes?: Uint8Array | undefined;
  readonly messages: readonly TransformMessage[];
  readonly failure?: ConfigFileError;
};

/** A file that can't be read is told as the error that it is, beside the warnings and errors that there are. */
function tried(source: string, transform: string): Tried {
  const given = {
    source: { name: source, bytes: readGivenFile(source, 'file', fileBytesMax) },
    transform: { name: transform, bytes: readGivenFile(transform, 'transform', fileBytesMax) },
  };
  try {
    const { bytes, messages } = transformXml(given);
    const count = messages.filter(({ level }) => level === 'error').length;
    if (count === 0) return { bytes, messages };
    const failure = new ConfigFileError(
      'TRANSFORM_FAILED',
      `Cannot transform ${source} by ${transform}: ${count === 1 ? 'there was an error' : `there were ${count} errors`}`,
      {
        hint: 'Correct the transform at the places that were told.',
        details: { source, transform, errors: count },
      },
    );
    return { bytes, messages, failure };
  } catch (error) {
    if (!(error instanceof ConfigFileError)) throw error;
    return { messages: [{ level: 'error', kind: 'unreadable', message: error.message }], failure: error };
  }
}

function lineOf(
  message: TransformMessage,
  names: { readonly SOURCE: string; readonly TRANSFORM: string },
): string {
  const file = message.in === 'source' ? names.SOURCE : names.TRANSFORM;
  const place = message.line === undefined ? '' : ` (${message.line}, ${message.column})`;
  return `${file}${place}: ${message.level}: ${message.message}`;
}
