/**
 * What is said of sites in IIS' `applicationHost.config`: pure edits of its text. The place of a thing is its virtual
 * path: site, application and virtual directory together, `Orders/shop/images`. Names and paths are compared without case.
 */
import type { XmlElement } from '../../../config-files/index.ts';
import { ExecutorError } from '../../errors.ts';
import { elementAt, elementsOf, valueOf, xmlEditor, type XmlEditor } from './edit-xml.ts';

export type IisEdit = {
  readonly text: string;
  /** What was changed, in words, in order; empty where all was as asked. */
  readonly changes: readonly string[];
};

/** `Orders/shop` as the site and what is below it, `/` for the site itself. */
export function placeOf(name: string): { readonly site: string; readonly path: string } {
  const [site, ...segments] = name.split(/[/\\]/).filter((part) => part !== '');
  return { site: site ?? '', path: `/${segments.join('/')}` };
}

/**
 * Points the virtual directories at this place to another folder; nothing else changes and nothing is made. Throws
 * `FEATURE_FAILED` naming the site, or the place below it, where there is none.
 */
export function withHomeDirectory(source: string, place: string, folder: string): IisEdit {
  const editor = xmlEditor(source);
  const { site: name, path } = placeOf(place);
  if (findSite(editor.root, name) === undefined) {
    throw missing(
      `there is no site ${name}${namesOf(sitesOf(editor.root))}`,
      'Make the site, or mend its name in the step.',
      { site: name },
    );
  }
  const changes: string[] = [];
  const count = directoriesAt(findSite(editor.root, name)!, path).length;
  if (count === 0) {
    throw missing(`site ${name} has nothing at ${path}`, 'Make the application or virtual directory first.', {
      site: name,
      path,
    });
  }
  for (let n = 0; n < count; n += 1) {
    const directory = directoriesAt(findSite(editor.root, name)!, path)[n]!;
    changes.push(...pointTo(editor, directory, folder, path === '/' ? name : `${name}${path}`));
  }
  return { text: editor.text, changes };
}

/** Sets where a virtual directory lies and tells it with what it was. */
export function pointTo(editor: XmlEditor, directory: XmlElement, folder: string, shown: string): string[] {
  const before = valueOf(directory, 'physicalPath') ?? '';
  if (before === folder) return [];
  editor.setAttribute(directory, 'physicalPath', folder);
  return [`${shown}: ${before} to ${folder}`];
}

export function sitesOf(root: XmlElement): XmlElement[] {
  const sites = elementAt(root, 'system.applicationHost', 'sites');
  return sites === undefined ? [] : elementsOf(sites, 'site');
}

export function findSite(root: XmlElement, name: string): XmlElement | undefined {
  return sitesOf(root).find((site) => isSame(valueOf(site, 'name'), name));
}

/** Every virtual directory at this path below the site. */
export function directoriesAt(site: XmlElement, path: string): XmlElement[] {
  return elementsOf(site, 'application').flatMap((application) =>
    elementsOf(application, 'virtualDirectory').filter((directory) =>
      isSame(joined(valueOf(application, 'path'), valueOf(directory, 'path')), joined(path)),
    ),
  );
}

export function findApplication(site: XmlElement, path: string): XmlElement | undefined {
  return elementsOf(site, 'application').find((one) => isSame(joined(valueOf(one, 'path')), joined(path)));
}

export function isSame(one: string | undefined, other: string): boolean {
  return one !== undefined && one.toLowerCase() === other.toLowerCase();
}

/** Paths as one, with a slash in front and none behind. */
export function joined(...paths: readonly (string | undefined)[]): string {
  return `/${paths
    .flatMap((path) => (path ?? '').split('/'))
    .filter((part) => part !== '')
    .join('/')}`;
}

export function missing(
  what: string,
  hint: string,
  details: Readonly<Record<string, unknown>>,
): ExecutorError {
  return new ExecutorError('FEATURE_FAILED', `Cannot change IIS: ${what}`, { hint, details });
}

function namesOf(sites: readonly XmlElement[]): string {
  const names = sites.slice(0, 10).map((site) => valueOf(site, 'name') ?? '');
  return names.length === 0 ? ', nor any other' : `, but ${names.join(', ')}`;
}
