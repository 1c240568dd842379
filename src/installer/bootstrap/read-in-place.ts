import { isBuiltin, registerHooks } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A program that is read where it is packed: its files are called as if they lay in a folder, which is not there. */
export type ReadInPlace = Disposable & { readonly folder: string };

/**
 * Has the runtime take the modules of a program out of the executable until it is disposed. What they import is what the
 * program brings and nothing else: beside the file, on a stick of somebody's, may lie modules of anybody.
 *
 * @param textOf the text of one of the program's files, by its path with slashes; undefined where it has none of that path
 */
export function readInPlace(executable: string, textOf: (path: string) => string | undefined): ReadInPlace {
  // Nothing can lie below a file. From a folder of that name the runtime looks no higher for what describes a package.
  const folder = join(executable, 'node_modules', 'crossgap');
  const base = pathToFileURL(`${folder}/`).href;
  const pathOf = (url: string): string | undefined =>
    url.startsWith(base) ? decodeURI(url.slice(base.length)) : undefined;
  const isThere = (url: string): boolean => {
    const path = pathOf(url);
    return path !== undefined && textOf(path) !== undefined;
  };
  const named = (specifier: string, from: string): string => {
    if (isAbsolute(specifier)) return pathToFileURL(specifier).href;
    if (/^\.{1,2}\//.test(specifier)) return new URL(specifier, from).href;
    const description = textOf(`node_modules/${specifier}/package.json`) ?? '{}';
    const { main } = JSON.parse(description) as { readonly main?: string };
    return `${base}node_modules/${specifier}/${main}`;
  };
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const from = context.parentURL ?? '';
      if (isBuiltin(specifier) || pathOf(from) === undefined) return next(specifier, context);
      const url = named(specifier, from);
      // What a package of others requires may lack its ending.
      const found = [url, `${url}.js`].find(isThere);
      if (found !== undefined) return { url: found, format: formatOf(pathOf(found)!), shortCircuit: true };
      const error = new Error(`Cannot find module '${specifier}' in the program, for ${from}`);
      throw Object.assign(error, { code: 'MODULE_NOT_FOUND' });
    },
    load(url, context, next) {
      const path = pathOf(url);
      const source = path === undefined ? undefined : textOf(path);
      if (path === undefined || source === undefined) return next(url, context);
      return { source, format: formatOf(path), shortCircuit: true };
    },
  });
  return { folder, [Symbol.dispose]: () => hooks.deregister() };
}

/** Our own are modules of today; those of others are as the runtime takes them where nothing is said. */
const formatOf = (path: string): 'module' | 'commonjs' =>
  path.startsWith('node_modules/') ? 'commonjs' : 'module';
