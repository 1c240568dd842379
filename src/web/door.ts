import type { IncomingMessage } from 'node:http';

/** Longer targets than any page has are not looked at. */
export const targetLengthMax = 2048;

/** An answer given before any route is looked at. */
export type Refusal = { readonly status: 400 | 403 | 404 | 405 | 411 | 413 | 415; readonly words: string };

/** `reading`: nothing but GET and HEAD. `forms`: a page of this very server may post one besides. */
export type Takes = 'reading' | 'forms';

/**
 * Why a request goes no further than the door, or undefined where it may enter. Judged on what arrived, before
 * anything is decoded: method, target, body, and the three headers by which a page of another origin gives itself
 * away. `names` are the host names, in lower case, under which this server is meant to be reached.
 */
export function refusalOf(
  request: IncomingMessage,
  names: ReadonlySet<string>,
  takes: Takes = 'reading',
): Refusal | undefined {
  const isForm = takes === 'forms' && request.method === 'POST';
  if (!isForm && request.method !== 'GET' && request.method !== 'HEAD')
    return { status: 405, words: `Only ${methods[takes]} are answered here` };
  if (!isForm && announcesBody(request)) return { status: 413, words: 'A request here has no body' };
  if (!isPlainTarget(request.url ?? '')) return { status: 404, words: 'There is no such page' };
  const hosts = valuesOf(request, 'host');
  if (hosts.length !== 1) return { status: 400, words: 'A request names one host' };
  if (!names.has(hostName(hosts[0] ?? '') ?? ''))
    return { status: 403, words: 'This server is not known under that host name' };
  if (!isOwnOrigin(request, hosts[0] ?? ''))
    return { status: 403, words: 'Pages of other origins get no answer' };
  return isForm ? refusalOfForm(request) : undefined;
}

const methods: Readonly<Record<Takes, string>> = { reading: 'GET and HEAD', forms: 'GET, HEAD and POST' };

/** A form comes whole, as a browser sends it, and from a page that says it is ours: what changes something needs more than silence. */
function refusalOfForm(request: IncomingMessage): Refusal | undefined {
  const [type, ...otherTypes] = valuesOf(request, 'content-type');
  if (otherTypes.length > 0 || type?.toLowerCase() !== 'application/x-www-form-urlencoded')
    return { status: 415, words: 'Only forms are taken here' };
  if (request.headers['transfer-encoding'] !== undefined || request.headers['content-length'] === undefined)
    return { status: 411, words: 'A form says how long it is' };
  if (valuesOf(request, 'origin').length !== 1)
    return { status: 403, words: 'A form says from which page it comes' };
  if (valuesOf(request, 'sec-fetch-site').some((one) => one !== 'same-origin'))
    return { status: 403, words: 'Pages of other origins get no answer' };
  return undefined;
}

/**
 * The name in a `Host` header, in lower case and without its port; undefined for what is none. The port is not
 * compared: it differs behind a tunnel or proxy, and a page that rebinds its own name can't choose another name.
 */
export function hostName(host: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)(?::\d{1,5})?$/i.exec(host);
  return match?.[1]?.toLowerCase();
}

/** Whether the target is a path as a browser would send it, with nothing that climbs, hides or names a host. */
export function isPlainTarget(target: string): boolean {
  const [path = '', ...query] = target.split('?');
  if (target.length > targetLengthMax || !/^\/(?!\/)/.test(path) || /\/\//.test(path)) return false;
  if (!/^[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*$/.test(path) || /[^\u0021-\u007E]|[\\#]/.test(query.join('?')))
    return false;
  if (/%(?![0-9a-f]{2})/i.test(path) || /%(?:0|1|7f|2e|2f|5c)/i.test(path)) return false;
  return path.split('/').every((part) => part !== '.' && part !== '..');
}

function announcesBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) !== 0);
}

function isOwnOrigin(request: IncomingMessage, host: string): boolean {
  const own = [`http://${host}`, `https://${host}`].map((one) => one.toLowerCase());
  if (valuesOf(request, 'origin').some((origin) => !own.includes(origin.toLowerCase()))) return false;
  const site = valuesOf(request, 'sec-fetch-site');
  const mode = valuesOf(request, 'sec-fetch-mode');
  const fromElsewhere = site.some((one) => one !== 'same-origin' && one !== 'none');
  return !fromElsewhere || mode.every((one) => one === 'navigate');
}

/** Every value a header was sent with: Node keeps only the first where a second one would be ambiguous. */
function valuesOf(request: IncomingMessage, name: string): readonly string[] {
  const raw = request.rawHeaders;
  return raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === name);
}
