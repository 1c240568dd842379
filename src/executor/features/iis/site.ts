import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { XmlElement } from '../../../config-files/index.ts';
import {
  directoriesAt,
  findApplication,
  findSite,
  isSame,
  joined,
  missing,
  pointTo,
  sitesOf,
  type IisEdit,
} from './application-host.ts';
import { elementAt, elementsOf, valueOf, xmlEditor, type XmlEditor } from './edit-xml.ts';
import type { IisWish, Pool, SiteBinding } from './settings.ts';

/**
 * Makes what is asked for, or brings what is there to it. Nothing that is not asked for changes: further attributes of
 * pools and sites, other applications of the site. Throws `FEATURE_FAILED` where what it has to lie in is missing.
 */
export function withWishes(source: string, wishes: readonly IisWish[]): IisEdit {
  const editor = xmlEditor(source);
  const changes: string[] = [];
  for (const wish of wishes) {
    if (wish.kind !== 'directory') setPool(editor, wish.pool, changes);
    if (wish.kind === 'site') setSite(editor, wish, changes);
    if (wish.kind === 'application') setApplication(editor, wish, changes);
    if (wish.kind === 'directory') setDirectory(editor, wish, changes);
  }
  return { text: editor.text, changes };
}

function setPool(editor: XmlEditor, pool: Pool, changes: string[]): void {
  const pools = (): XmlElement => section(editor, 'applicationPools');
  const found = (): XmlElement | undefined =>
    elementsOf(pools(), 'add').find((one) => isSame(valueOf(one, 'name'), pool.name));
  const shown = `pool ${pool.name}`;
  if (found() === undefined) {
    editor.add(pools(), { name: 'add', attributes: { name: pool.name } }, elementsOf(pools(), 'add').at(-1));
    changes.push(`${shown} made`);
  }
  const before = editor.text;
  if (pool.framework !== undefined) editor.setAttribute(found()!, 'managedRuntimeVersion', pool.framework);
  if (pool.identity !== undefined) {
    const model = (): XmlElement => elementsOf(found()!, 'processModel')[0]!;
    if (elementsOf(found()!, 'processModel').length === 0)
      editor.add(found()!, { name: 'processModel', attributes: { identityType: pool.identity } });
    editor.setAttribute(model(), 'identityType', pool.identity);
    if (pool.identity === 'SpecificUser') {
      editor.setAttribute(model(), 'userName', pool.user ?? '');
      editor.setAttribute(model(), 'password', pool.password ?? '');
    } else {
      editor.removeAttribute(model(), 'userName');
      editor.removeAttribute(model(), 'password');
    }
  }
  if (editor.text !== before && !changes.includes(`${shown} made`)) changes.push(`${shown} set`);
}

function setSite(editor: XmlEditor, wish: Extract<IisWish, { kind: 'site' }>, changes: string[]): void {
  const { site: name, folder, pool, bindings, authentication } = wish;
  const found = (): XmlElement | undefined => findSite(editor.root, name);
  if (found() === undefined) {
    const ids = sitesOf(editor.root).map((site) => Number(valueOf(site, 'id') ?? 0));
    const sites = section(editor, 'sites');
    editor.add(
      sites,
      {
        name: 'site',
        attributes: { name, id: String(Math.max(0, ...ids) + 1), serverAutoStart: 'true' },
        children: [
          {
            name: 'application',
            attributes: { path: '/', applicationPool: pool.name },
            children: [{ name: 'virtualDirectory', attributes: { path: '/', physicalPath: folder } }],
          },
          { name: 'bindings', attributes: {}, children: bindings.map(bindingElement) },
        ],
      },
      elementsOf(sites, 'site').at(-1),
    );
    changes.push(`site ${name} made at ${folder}`);
  } else {
    putApplication(editor, name, '/', folder, pool, changes);
    setBindings(editor, name, bindings, changes);
  }
  setAuthentication(editor, name, authentication, changes);
}

function setApplication(
  editor: XmlEditor,
  { site, path, folder, pool }: Extract<IisWish, { kind: 'application' }>,
  changes: string[],
): void {
  checkParent(editor, site, path);
  const isDirectory = directoriesAt(findSite(editor.root, site)!, path).length > 0;
  if (isDirectory && findApplication(findSite(editor.root, site)!, path) === undefined) {
    throw missing(
      `${site}${path} is a virtual directory, and an application is asked for`,
      'Delete the virtual directory, then retry; it may have settings made by hand.',
      { site, path },
    );
  }
  putApplication(editor, site, path, folder, pool, changes);
}

/** The application at this path of a site that is there, with its pool and folder. */
function putApplication(
  editor: XmlEditor,
  site: string,
  path: string,
  folder: string,
  pool: Pool,
  changes: string[],
): void {
  const owner = (): XmlElement => findSite(editor.root, site)!;
  const found = (): XmlElement | undefined => findApplication(owner(), path);
  const shown = path === '/' ? site : `${site}${path}`;
  if (found() === undefined) {
    editor.add(
      owner(),
      {
        name: 'application',
        attributes: { path, applicationPool: pool.name },
        children: [{ name: 'virtualDirectory', attributes: { path: '/', physicalPath: folder } }],
      },
      elementsOf(owner(), 'application').at(-1),
    );
    changes.push(`application ${shown} made at ${folder}`);
    return;
  }
  const poolBefore = valueOf(found()!, 'applicationPool') ?? '';
  if (!isSame(poolBefore, pool.name)) {
    editor.setAttribute(found()!, 'applicationPool', pool.name);
    changes.push(`${shown}: pool ${pool.name}`);
  }
  const [directory] = directoriesAt(owner(), path);
  if (directory !== undefined) changes.push(...pointTo(editor, directory, folder, shown));
  else {
    editor.add(found()!, { name: 'virtualDirectory', attributes: { path: '/', physicalPath: folder } });
    changes.push(`${shown}: ${folder}`);
  }
}

function setDirectory(
  editor: XmlEditor,
  { site, path, folder }: Extract<IisWish, { kind: 'directory' }>,
  changes: string[],
): void {
  checkParent(editor, site, path);
  const owner = (): XmlElement => findSite(editor.root, site)!;
  if (findApplication(owner(), path) !== undefined) {
    throw missing(
      `${site}${path} is an application, and a virtual directory is asked for`,
      'Delete the application, then retry; it may have settings made by hand.',
      { site, path },
    );
  }
  const [there] = directoriesAt(owner(), path);
  if (there !== undefined) {
    changes.push(...pointTo(editor, there, folder, `${site}${path}`));
    return;
  }
  // The application it lies in is the deepest one above it.
  const application = elementsOf(owner(), 'application')
    .filter((one) => isBelow(path, joined(valueOf(one, 'path'))))
    .toSorted((one, other) => joined(valueOf(other, 'path')).length - joined(valueOf(one, 'path')).length)[0];
  if (application === undefined) throw missing(`site ${site} has no application`, 'Mend the site.', { site });
  const above = joined(valueOf(application, 'path'));
  const within = above === '/' ? path : path.slice(above.length);
  editor.add(
    application,
    { name: 'virtualDirectory', attributes: { path: within, physicalPath: folder } },
    elementsOf(application, 'virtualDirectory').at(-1),
  );
  changes.push(`virtual directory ${site}${path} made at ${folder}`);
}

/** The site has to be there, and what lies between it and the new place: in IIS, or as a folder. */
function checkParent(editor: XmlEditor, name: string, path: string): void {
  const site = findSite(editor.root, name);
  if (site === undefined) {
    throw missing(
      `there is no site ${name}`,
      'A step before has to make the site; this one only adds to it.',
      {
        site: name,
      },
    );
  }
  const segments = path.split('/').filter((part) => part !== '');
  if (segments.length === 0)
    throw missing(`${name} itself is no place below a site`, 'Name a path.', { path });
  let folder = directoryFolder(site, '/');
  for (const [n, segment] of segments.slice(0, -1).entries()) {
    const parent = `/${segments.slice(0, n + 1).join('/')}`;
    folder = directoryFolder(site, parent) ?? (folder === undefined ? undefined : join(folder, segment));
    if (directoriesAt(site, parent).length > 0 || (folder !== undefined && existsSync(folder))) continue;
    throw missing(`${name}${parent} is not there, and ${name}${path} lies in it`, 'Make it first.', { path });
  }
}

function directoryFolder(site: XmlElement, path: string): string | undefined {
  const [directory] = directoriesAt(site, path);
  return directory && valueOf(directory, 'physicalPath');
}

function isBelow(path: string, above: string): boolean {
  return above === '/' || `${path.toLowerCase()}/`.startsWith(`${above.toLowerCase()}/`);
}

function setBindings(
  editor: XmlEditor,
  site: string,
  wanted: readonly SiteBinding[],
  changes: string[],
): void {
  const owner = (): XmlElement => findSite(editor.root, site)!;
  if (elementsOf(owner(), 'bindings').length === 0)
    editor.add(owner(), { name: 'bindings', attributes: {} }, elementsOf(owner(), 'application').at(-1));
  const bindings = (): XmlElement => elementsOf(owner(), 'bindings')[0]!;
  const there = elementsOf(bindings(), 'binding').map((one) =>
    keyOf(
      valueOf(one, 'protocol'),
      valueOf(one, 'bindingInformation'),
      Number(valueOf(one, 'sslFlags') ?? 0),
    ),
  );
  const asked = wanted.map((one) => keyOf(one.protocol, one.information, one.sni ? 1 : 0));
  if (there.length === asked.length && asked.every((key) => there.includes(key))) return;
  for (const [n, binding] of wanted.entries()) {
    if (!there.includes(asked[n]!)) editor.add(bindings(), bindingElement(binding));
  }
  for (const [n, key] of there.toReversed().entries()) {
    if (!asked.includes(key)) editor.remove(elementsOf(bindings(), 'binding')[there.length - 1 - n]!);
  }
  changes.push(`${site}: bindings ${wanted.map((one) => `${one.protocol} ${one.information}`).join(', ')}`);
}

const keyOf = (protocol = '', information = '', flags = 0): string =>
  `${protocol.toLowerCase()} ${information.toLowerCase()} ${flags & 1}`;

const bindingElement = ({ protocol, information, sni }: SiteBinding) => ({
  name: 'binding',
  attributes: { protocol, bindingInformation: information, ...(sni && { sslFlags: '1' }) },
});

/** Authentication of one site stands in a `location` of the same file, below this path. */
function setAuthentication(
  editor: XmlEditor,
  site: string,
  asked: Readonly<Record<string, boolean>>,
  changes: string[],
): void {
  const path = ['system.webServer', 'security', 'authentication'];
  const location = (): XmlElement | undefined =>
    elementsOf(editor.root, 'location').find(
      (one) => isSame(valueOf(one, 'path'), site) && elementAt(one, ...path) !== undefined,
    ) ?? elementsOf(editor.root, 'location').find((one) => isSame(valueOf(one, 'path'), site));
  for (const [name, isOn] of Object.entries(asked)) {
    if (location() === undefined) editor.add(editor.root, { name: 'location', attributes: { path: site } });
    for (const [n, step] of [...path, name].entries()) {
      const above = (): XmlElement => elementAt(location()!, ...path.slice(0, n))!;
      if (elementsOf(above(), step).length === 0) editor.add(above(), { name: step, attributes: {} });
    }
    const element = elementAt(location()!, ...path, name)!;
    if (valueOf(element, 'enabled')?.toLowerCase() === String(isOn)) continue;
    editor.setAttribute(element, 'enabled', String(isOn));
    changes.push(`${site}: ${name} ${isOn ? 'on' : 'off'}`);
  }
}

function section(editor: XmlEditor, name: string): XmlElement {
  const found = elementAt(editor.root, 'system.applicationHost', name);
  if (found !== undefined) return found;
  throw missing(`the file has no system.applicationHost/${name}`, 'Name the applicationHost.config of IIS.', {
    name,
  });
}
