export { configFileErrorCodes, ConfigFileError, type ConfigFileErrorCode } from './errors.ts';
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
