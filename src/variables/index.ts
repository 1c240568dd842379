export { variableErrorCodes, VariableError, type VariableErrorCode } from './errors.ts';
export { VariableSet } from './variable-set.ts';
export { expand, type Expansion } from './expand.ts';
export { namesIn } from './names-in.ts';
export { parseTemplate, type ParseMode, type Token } from './parse.ts';
export { unsupportedIn, type UnsupportedToken } from './unsupported.ts';
export { evaluatesTrue, flag, list, pathList, truthy } from './values.ts';
export { folded } from './characters.ts';
