import { SaxesParser } from 'saxes';
import { ConfigFileError } from './errors.ts';
import { readDoctype, type EntitySizes } from './xml-doctype.ts';
import { notWellFormed, positionAt } from './xml-position.ts';

const lengthMax = 64 * 1024 * 1024;
const depthMax = 1000;

export type XmlCheck = {
  /** What messages call the document. */
  readonly name: string;
  /** Whether a document type may declare entities; references to them are then kept and never expanded. */
  readonly entities: 'refuse' | 'keep';
  /** Whether a character that XML does not have may be written as a reference, as .NET takes it. */
  readonly controlReferences?: boolean;
};

/**
 * Refuses what is not well-formed XML 1.0 with namespaces, and what could be an attack: a document type that
 * declares entities where none are expected, parameter entities anywhere (nothing outside the file is ever fetched),
 * more than 1000 levels, more than 64 Mi characters. Tells the general entities that are declared.
 * Throws ConfigFileError `XML_NOT_WELL_FORMED`, `XML_ENTITIES_REFUSED` or `XML_TOO_LARGE`.
 */
export function checkXml(
  source: string,
  { name, entities, controlReferences = false }: XmlCheck = { name: 'the XML', entities: 'refuse' },
): EntitySizes {
  if (source.length > lengthMax) throw tooLarge(name, `it is longer than ${lengthMax} characters`);
  const parser = new SaxesParser({ xmlns: true, position: true });
  let depth = 0;
  let sizes: EntitySizes = new Map();
  parser.on('error', (error) => {
    if (controlReferences && error.message.endsWith('malformed character entity.')) return;
    const what = error.message.replace(/^\d+:\d+: /, '').replace(/\.$/, '');
    throw notWellFormed(source, Math.max(0, parser.position - 1), what, name);
  });
  parser.on('xmldecl', (declaration) => {
    if ((declaration.version ?? '1.0') === '1.0') return;
    throw notWellFormed(source, 0, `version ${declaration.version} of XML; only 1.0 is read`, name);
  });
  parser.on('doctype', (doctype) => {
    const refuse = (what: string): ConfigFileError => entitiesRefused(source, name, what);
    if (entities === 'refuse' && /<!ENTITY|%/.test(doctype))
      throw refuse('its document type declares entities');
    sizes = readDoctype(doctype, refuse).entities;
    for (const entity of sizes.keys()) parser.ENTITIES[entity] = '';
  });
  parser.on('opentagstart', () => {
    depth += 1;
    if (depth > depthMax) throw tooLarge(name, `elements stand more than ${depthMax} deep in one another`);
  });
  parser.on('closetag', () => {
    depth -= 1;
  });
  parser.write(source).close();
  return sizes;
}

/** The refusal of entities that a document type declares. */
export function entitiesRefused(source: string, name: string, what: string): ConfigFileError {
  const { line } = positionAt(source, Math.max(0, source.indexOf('<!DOCTYPE')));
  return new ConfigFileError('XML_ENTITIES_REFUSED', `Cannot read ${name} at line ${line}: ${what}`, {
    hint: 'Write the text of the entities into the file and take their declarations out.',
    details: { line },
  });
}

function tooLarge(name: string, what: string): ConfigFileError {
  return new ConfigFileError('XML_TOO_LARGE', `Cannot read ${name}: ${what}`, {
    hint: 'Take the file out of the targets, or make it smaller.',
    details: { lengthMax, depthMax },
  });
}
