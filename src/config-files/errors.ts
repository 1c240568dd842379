import { CrossgapError, exitCodes, type ErrorFacts } from '../errors.ts';

/** Everything that can be wrong with an application's configuration file; each has its paragraph in docs/errors.md. */
export const configFileErrorCodes = [
  'JSON_NOT_WELL_FORMED',
  'PROPERTIES_NOT_WELL_FORMED',
  'STRUCTURED_FILE_TOO_LARGE',
  'TEXT_NOT_DECODABLE',
  'TRANSFORM_FAILED',
  'TRANSFORM_RULE_INVALID',
  'XML_CHARACTER_NOT_ALLOWED',
  'XML_ENCODING_NOT_SUPPORTED',
  'XML_ENTITIES_REFUSED',
  'XML_NOT_WELL_FORMED',
  'XML_TOO_LARGE',
  'YAML_NOT_WELL_FORMED',
] as const;
export type ConfigFileErrorCode = (typeof configFileErrorCodes)[number];

/** A configuration file that can't be read or written; the message has the place where there is one. */
export class ConfigFileError extends CrossgapError<ConfigFileErrorCode> {
  constructor(code: ConfigFileErrorCode, message: string, facts: ErrorFacts) {
    super(code, exitCodes.deploymentFailed, message, facts);
  }
}

/** An error of a configuration file with the file in its sentence, and the rule that applies there, if one does. */
export function inFile(error: ConfigFileError, doing: string, file: string, rule = ''): ConfigFileError {
  const said = error.message.replace(/^Cannot /, 'cannot ');
  return new ConfigFileError(error.code, `Cannot ${doing} ${file}: ${said}`, {
    hint: `${error.hint} ${rule}`.trim(),
    details: { ...error.details, file },
    cause: error,
  });
}
