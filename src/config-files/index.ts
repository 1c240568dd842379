export { configFileErrorCodes, ConfigFileError, inFile, type ConfigFileErrorCode } from './errors.ts';
export {
  decodeText,
  encodeText,
  encodeTextOrUtf8,
  replaceFile,
  type DecodedText,
  type EncodingName,
  type TextEncoding,
} from './text-file.ts';
export {
  plainAttribute,
  readXml,
  spliced,
  type Splice,
  type XmlAttribute,
  type XmlDocument,
  type XmlElement,
  type XmlLeaf,
  type XmlNode,
} from './xml.ts';
export { setConfigVariables, type ConfigVariablesResult, type NamedValues } from './xml-variables.ts';
export {
  setStructuredVariables,
  type StructuredFormat,
  type StructuredVariablesResult,
} from './structured/set-structured-variables.ts';
export type { ListedValues } from './structured/text-result.ts';
export {
  transformMessageKinds,
  type TransformMessage,
  type TransformMessageKind,
} from './transform/messages.ts';
export {
  transformXml,
  type NamedBytes,
  type TransformRequest,
  type TransformResult,
} from './transform/transform.ts';
export {
  transformRules,
  whichTransforms,
  type TransformPair,
  type TransformPlan,
  type TransformRule,
} from './which-transforms.ts';
export { decodeXml, encodeXml, escapedAttribute, isXmlText } from './xml-text.ts';
