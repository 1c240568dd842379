import { SaxesParser } from 'saxes';
import { PackageError } from './errors.ts';

/** An element of a nuspec, known by its local name: the namespace differs from schema to schema. */
export type NuspecElement = {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly NuspecElement[];
  /** Trimmed; without that of its children. */
  readonly text: string;
};

type OpenElement = { name: string; attributes: Map<string, string>; children: NuspecElement[]; text: string };

const depthMax = 32;
const elementsMax = 20_000;

/**
 * The `metadata` of the nuspec in `bytes` (UTF-8, or UTF-16 by its byte order mark); `path` is the package it is told
 * of. Undefined where the document has none. Errors: `PACKAGE_NUSPEC_INVALID`, also where a field is there twice.
 */
export function readNuspecXml(path: string, bytes: Uint8Array): NuspecElement | undefined {
  const root: OpenElement = { name: '', attributes: new Map(), children: [], text: '' };
  const open = [root];
  let count = 0;
  const parser = new SaxesParser({ xmlns: true });
  parser.on('doctype', () => {
    throw nuspecInvalid(path, 'it has a DOCTYPE');
  });
  parser.on('error', (error) => {
    throw nuspecInvalid(path, `it is not XML: ${error.message}`);
  });
  parser.on('opentag', ({ local, attributes }) => {
    if (open.length > depthMax) throw nuspecInvalid(path, 'it is nested too deeply');
    if ((count += 1) > elementsMax) throw nuspecInvalid(path, `it has more than ${elementsMax} elements`);
    const named = Object.values(attributes).map((each) => [each.local, each.value] as const);
    open.push({ name: local, attributes: new Map(named), children: [], text: '' });
  });
  const addText = (piece: string): void => {
    open.at(-1)!.text += piece;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const closed = open.pop()!;
    open.at(-1)!.children.push({ ...closed, text: closed.text.trim() });
  });
  parser.write(nuspecText(path, bytes)).close();
  const metadata = childrenNamed(
    root.children.find(({ name }) => name === 'package'),
    'metadata',
  );
  if (metadata.length > 1) throw nuspecInvalid(path, 'it says metadata twice');
  const names = new Set<string>();
  for (const { name } of metadata[0]?.children ?? []) {
    if (names.has(name)) throw nuspecInvalid(path, `it says ${name} twice`);
    names.add(name);
  }
  return metadata[0];
}

/** The children of this name, in order. */
export function childrenNamed(element: NuspecElement | undefined, name: string): readonly NuspecElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

export function nuspecInvalid(path: string, because: string, cause?: unknown): PackageError {
  return new PackageError('PACKAGE_NUSPEC_INVALID', `Cannot read the nuspec of ${path}: ${because}`, {
    hint: 'Pack it as a NuGet package with one nuspec that names its id and version.',
    details: { file: path, because },
    cause,
  });
}

function nuspecText(path: string, bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  try {
    return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw nuspecInvalid(path, 'it is not UTF-8 text', cause);
  }
}
