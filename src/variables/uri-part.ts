import type { Filter } from './filter.ts';
import { readUri, type Uri } from './uri.ts';

const parts: Readonly<Record<string, (uri: Uri) => string>> = {
  absolutepath: (uri) => uri.path,
  absoluteuri: (uri) => uri.absolute,
  authority: (uri) => uri.host + shownPort(uri),
  dnssafehost: (uri) => uri.host.replaceAll(/[[\]]/g, ''),
  fragment: (uri) => uri.fragment,
  host: (uri) => uri.host,
  hostandport: (uri) => (uri.port < 0 ? uri.host : `${uri.host}:${uri.port}`),
  hostnametype: (uri) => uri.hostType,
  isdefaultport: (uri) => String(uri.port === uri.defaultPort),
  isfile: (uri) => String(uri.scheme === 'file'),
  isloopback: (uri) => String(isLoopback(uri)),
  isunc: (uri) => String(uri.scheme === 'file' && uri.host !== ''),
  path: (uri) => uri.localPath,
  pathandquery: (uri) => uri.path + uri.query,
  port: (uri) => String(uri.port),
  query: (uri) => uri.query,
  scheme: (uri) => uri.scheme,
  schemeandserver: (uri) => `${uri.scheme}:${uri.slashes}${uri.host}${shownPort(uri)}`,
  userinfo: (uri) => uri.userInfo,
};

/** A part of a URI by its name; what is wrong with it is an ordinary text, as in Octopus. */
export const uriPart: Filter = (input, [part]) => {
  if (input === undefined) return undefined;
  if (part === undefined) return '[UriPart error: no argument given]';
  const uri = readUri(input);
  if (uri === 'none') return input;
  const name = part.toLowerCase();
  if (name === 'isabsoluteuri') return String(uri !== 'relative');
  if (!Object.hasOwn(parts, name)) return `[UriPart ${part} error: argument '${part}' not supported]`;
  if (uri === 'relative') {
    return `[UriPart ${part} error: This operation is not supported for a relative URI.]`;
  }
  return parts[name]!(uri);
};

const shownPort = ({ port, defaultPort }: Uri): string => (port === defaultPort ? '' : `:${port}`);

function isLoopback({ scheme, host }: Uri): boolean {
  if (scheme === 'file' && host === '') return true;
  return /^(?:localhost|loopback|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);
}
