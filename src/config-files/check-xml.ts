import { SaxesParser } from 'saxes';
import { ConfigFileError } from './errors.ts';
import { notWellFormed, positionAt } from './xml-position.ts';

const lengthMax = 64 * 1024 * 1024;
const depthMax = 1000;

/**
 * Refuses what is not well-formed XML 1.0 with namespaces, and what could be an attack: a document type that
 * declares entities (nothing outside the file is ever fetched), more than 1000 levels, more than 64 Mi characters.
 * Throws ConfigFileError `XML_NOT_WELL_FORMED`, `XML_ENTITIES_REFUSED` or `XML_TOO_LARGE`.
 */
export function checkXml(source: string): void {
  if (source.length > lengthMax) throw tooLarge(`it is longer than ${lengthMax} characters`);
  const parser = new SaxesParser({ xmlns: true, position: true });
  let depth = 0;
  parser.on('error', (error) => {
    const what = error.message.replace(/^\d+:\d+: /, '').replace(/\.$/, '');
    throw notWellFormed(source, Math.max(0, parser.position - 1), what);
  });
  parser.on('xmldecl', (declaration) => {
    if ((declaration.version ?? '1.0') === '1.0') return;
    throw notWellFormed(source, 0, `version ${declaration.version} of XML; only 1.0 is read`);
  });
  parser.on('doctype', (doctype) => {
    if (!/<!ENTITY|%/.test(doctype)) return;
    const { line } = positionAt(source, Math.max(0, source.indexOf('<!DOCTYPE')));
    throw new ConfigFileError(
      'XML_ENTITIES_REFUSED',
      `Cannot read the XML at line ${line}: its document type declares entities`,
      {
        hint: 'Write the text of the entities into the file and take their declarations out.',
        details: { line },
      },
    );
  });
  parser.on('opentagstart', () => {
    depth += 1;
    if (depth > depthMax) throw tooLarge(`elements stand more than ${depthMax} deep in one another`);
  });
  parser.on('closetag', () => {
    depth -= 1;
  });
  parser.write(source).close();
}

function tooLarge(what: string): ConfigFileError {
  return new ConfigFileError('XML_TOO_LARGE', `Cannot read the XML: ${what}`, {
    hint: 'Take the file out of the targets, or make it smaller.',
    details: { lengthMax, depthMax },
  });
}
