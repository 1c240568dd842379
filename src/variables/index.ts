export { variableErrorCodes, VariableError, type VariableErrorCode } from './errors.ts';
export { VariableSet } from './variable-set.ts';
export { expand, truthy, type Expansion } from './expand.ts';
export { namesIn } from './names-in.ts';
export { parseTemplate } from './parse.ts';
export type { ParseMode, Token } from './syntax.ts';
export { evaluatesTrue, flag, list, pathList } from './values.ts';
export { folded } from './characters.ts';
export { readJson, type JsonValue } from './json-value.ts';
