/** What a document type says, as far as it is needed to carry it through; nothing in it is acted on or fetched. */
import type { ConfigFileError } from './errors.ts';

/** The characters that each declared entity would come to, entities inside it included; never expanded. */
export type EntitySizes = ReadonlyMap<string, number>;

export type Doctype = {
  readonly name: string;
  readonly publicId: string | undefined;
  readonly systemId: string | undefined;
  /** What stands between the brackets, as it is. */
  readonly subset: string;
  readonly entities: EntitySizes;
};

const nestedMax = 100;
const generalEntity = /^\s+([^\s%"']+)\s+(?:"([^"]*)"|'([^']*)'|(?:SYSTEM|PUBLIC)\s[^]*)\s*$/;
const head = /^\s*([^\s["']+)\s*(?:(PUBLIC|SYSTEM)\s*)?/;

/**
 * Reads what stands between `<!DOCTYPE` and its `>`. `refuse` makes the error for parameter entities, for entities
 * that contain themselves and for declarations that can't be read.
 */
export function readDoctype(body: string, refuse: (what: string) => ConfigFileError): Doctype {
  const found = head.exec(body);
  const ids: string[] = [];
  let at = found?.[0].length ?? 0;
  for (const kind = found?.[2]; kind !== undefined && ids.length < (kind === 'PUBLIC' ? 2 : 1);) {
    const quote = body[at];
    const end = quote === '"' || quote === "'" ? body.indexOf(quote, at + 1) : -1;
    if (end < 0) throw refuse('its document type has no readable identifier');
    ids.push(body.slice(at + 1, end));
    at = end + 1;
    while (at < body.length && /\s/.test(body[at]!)) at += 1;
  }
  const open = body.indexOf('[', at);
  const subset = open < 0 ? '' : body.slice(open + 1, body.lastIndexOf(']'));
  return {
    name: found?.[1] ?? '',
    publicId: found?.[2] === 'PUBLIC' ? ids[0] : undefined,
    systemId: ids.at(-1),
    subset,
    entities: entitySizes(subset, refuse),
  };
}

/** What stands between `<!` and `>` of each declaration; comments and instructions are passed over. */
function* declarations(subset: string, refuse: (what: string) => ConfigFileError): Generator<string> {
  const past = (closing: string, from: number): number => {
    const found = subset.indexOf(closing, from);
    if (found < 0) throw refuse('its document type has declarations that are not read');
    return found + closing.length;
  };
  for (let at = 0; at < subset.length;) {
    if (subset[at] === '%') throw refuse('its document type uses parameter entities');
    if (subset.startsWith('<!--', at)) at = past('-->', at + 4);
    else if (subset.startsWith('<?', at)) at = past('?>', at);
    else if (subset.startsWith('<!', at)) {
      const start = at + 2;
      for (at = start; subset[at] !== '>';) {
        const quote = subset[at];
        if (quote === undefined) throw refuse('its document type has declarations that are not read');
        at = quote === '"' || quote === "'" ? past(quote, at + 1) : at + 1;
      }
      yield subset.slice(start, at);
    } else at += 1;
  }
}

function entitySizes(subset: string, refuse: (what: string) => ConfigFileError): EntitySizes {
  const values = new Map<string, string>();
  for (const declaration of declarations(subset, refuse)) {
    if (!/^ENTITY\s/.test(declaration)) continue;
    const [, entity, double, single] = generalEntity.exec(declaration.slice('ENTITY'.length)) ?? [];
    if (entity === undefined) throw refuse('its document type declares entities that are not read');
    if (!values.has(entity)) values.set(entity, double ?? single ?? '');
  }
  const sizes = new Map<string, number>();
  const sizeOf = (entity: string, depth: number): number => {
    const known = sizes.get(entity);
    if (known !== undefined) return known;
    if (depth > nestedMax) throw refuse('its entities contain themselves or too many others');
    const value = values.get(entity);
    if (value === undefined) return 1;
    let size = value.length;
    for (const [reference, inner] of value.matchAll(/&([^#;&\s][^;&\s]*);/g)) {
      size += sizeOf(inner!, depth + 1) - reference.length;
    }
    sizes.set(entity, size);
    return size;
  };
  for (const entity of values.keys()) sizeOf(entity, 0);
  return sizes;
}
