/** A URI as .NET's `Uri` takes it apart on a Unix host. */
export type Uri = {
  readonly scheme: string;
  /** What stands between the scheme's colon and the server: `//` or nothing. */
  readonly slashes: string;
  readonly userInfo: string;
  readonly host: string;
  readonly hostType: 'Dns' | 'IPv4' | 'IPv6' | 'Basic' | 'Unknown';
  /** -1 where there is none. */
  readonly port: number;
  readonly defaultPort: number;
  readonly path: string;
  /** The path unescaped, of files with the separators of their system. */
  readonly localPath: string;
  /** With their marks; empty where there are none. */
  readonly query: string;
  readonly fragment: string;
  readonly absolute: string;
};

const defaultPorts: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  ws: 80,
  wss: 443,
  ftp: 21,
  gopher: 70,
  nntp: 119,
  telnet: 23,
  ldap: 389,
  mailto: 25,
  'net.tcp': 808,
};
/** Schemes that are nothing without a server. */
const needServer = new Set([
  'http',
  'https',
  'ws',
  'wss',
  'ftp',
  'gopher',
  'nntp',
  'telnet',
  'net.tcp',
  'net.pipe',
]);

/** The parts of a URI, or whether the text is relative, or none at all. */
export function readUri(given: string): Uri | 'relative' | 'none' {
  const text = given.replace(/^[\t-\r ]+/, '').replace(/(?<![\t-\r ])[\t-\r ]+$/, '');
  if (/^[A-Za-z]:[\\/]/.test(text)) return fileUri('', text.replaceAll('\\', '/'));
  const unc = /^\\\\([^\\/?#]+)(.*)$/s.exec(text);
  if (unc !== null) return fileUri(unc[1]!.toLowerCase(), unc[2]!.replaceAll('\\', '/') || '/');
  const found = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(text);
  if (found === null) return 'relative';
  const scheme = found[1]!.toLowerCase();
  const rest = found[2]!;
  const { before, query, fragment } = split(rest);
  if (scheme === 'mailto') return mailUri(before, query, fragment);
  if (!rest.startsWith('//')) {
    if (needServer.has(scheme) || scheme === 'file') return 'relative';
    const path = escaped(before);
    const absolute = `${scheme}:${path}${query}${fragment}`;
    const none = {
      slashes: '',
      userInfo: '',
      host: '',
      hostType: 'Unknown',
      port: -1,
      defaultPort: -1,
    } as const;
    return { scheme, ...none, path, localPath: unescaped(path), query, fragment, absolute };
  }
  const [, authority = '', rawPath = ''] = /^\/\/([^/\\]*)(.*)$/s.exec(before) ?? [];
  if (scheme === 'file') return fileUri(authority.toLowerCase(), rawPath || '/', query, fragment);
  const server = readServer(authority, defaultPorts[scheme] ?? -1);
  if (server === undefined || (server.host === '' && needServer.has(scheme))) return 'none';
  const known = scheme in defaultPorts;
  const slashed = known ? rawPath.replaceAll('\\', '/') : rawPath;
  const path = withoutDots(escaped(slashed)) || '/';
  const { userInfo, host, port, defaultPort } = server;
  const user = userInfo === '' ? '' : `${userInfo}@`;
  const shown = port === defaultPort ? '' : `:${port}`;
  const absolute = `${scheme}://${user}${host}${shown}${path}${query}${fragment}`;
  return { scheme, slashes: '//', ...server, path, localPath: unescaped(path), query, fragment, absolute };
}

function split(rest: string): { before: string; query: string; fragment: string } {
  const [, before, query, fragment] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(rest)!;
  return {
    before: before!,
    query: query === undefined || query === '?' ? (query ?? '') : escaped(query),
    fragment: fragment === undefined || fragment === '#' ? (fragment ?? '') : escaped(fragment),
  };
}

type Server = Pick<Uri, 'userInfo' | 'host' | 'hostType' | 'port' | 'defaultPort'>;

function readServer(authority: string, defaultPort: number): Server | undefined {
  const at = authority.lastIndexOf('@');
  const userInfo = at < 0 ? '' : escaped(authority.slice(0, at));
  const [, written, digits] = /^(\[[^\]]*\]|[^:]*)(?::([0-9]*))?$/.exec(authority.slice(at + 1)) ?? [];
  if (written === undefined) return undefined;
  const port = digits === undefined || digits === '' ? defaultPort : Number(digits);
  if (port > 65535) return undefined;
  const lower = written.toLowerCase();
  if (lower.startsWith('[')) {
    const host = canonical(lower.replace(/%.*\]$/, ']'));
    return host === undefined ? undefined : { userInfo, host, hostType: 'IPv6', port, defaultPort };
  }
  if (/^(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}$/.test(lower)) {
    const host = canonical(lower);
    if (host !== undefined) return { userInfo, host, hostType: 'IPv4', port, defaultPort };
  }
  if (lower !== '' && !/^[\p{L}\p{Nd}_-][\p{L}\p{Nd}\p{Mn}_.-]*$/u.test(lower)) return undefined;
  return { userInfo, host: lower, hostType: lower === '' ? 'Basic' : 'Dns', port, defaultPort };
}

/** An address in its one spelling, as the web's rules have it too. */
function canonical(host: string): string | undefined {
  return URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`).hostname : undefined;
}

function fileUri(host: string, rawPath: string, query = '', fragment = ''): Uri {
  const drive = /^\/?[A-Za-z]:/.test(rawPath);
  const bare = drive ? rawPath.replace(/^\//, '') : rawPath;
  const path = withoutDots(escaped(bare));
  const system = unescaped(path);
  const windows = host !== '' || drive;
  return {
    scheme: 'file',
    slashes: '//',
    userInfo: '',
    host,
    hostType: host === '' ? 'Basic' : 'Dns',
    port: -1,
    defaultPort: -1,
    path,
    localPath: windows ? (host === '' ? '' : `\\\\${host}`) + system.replaceAll('/', '\\') : system,
    query,
    fragment,
    absolute: `file://${host}${drive ? '/' : ''}${path}${query}${fragment}`,
  };
}

function mailUri(before: string, query: string, fragment: string): Uri | 'none' {
  const server = readServer(before, 25);
  if (server === undefined) return 'none';
  const { userInfo, host } = server;
  const absolute = `mailto:${userInfo === '' ? '' : `${userInfo}@`}${host}${query}${fragment}`;
  return { scheme: 'mailto', slashes: '', ...server, path: '', localPath: '', query, fragment, absolute };
}

/** Percent-encoded where it has to be, and not where it need not. */
function escaped(text: string): string {
  return text.replaceAll(
    /%([0-9A-Fa-f]{2})|%|[^A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+/g,
    (found, hex: string | undefined) => {
      if (hex !== undefined) {
        const unit = String.fromCharCode(Number.parseInt(hex, 16));
        return /[A-Za-z0-9\-._~]/.test(unit) ? unit : found;
      }
      return Array.from(
        Buffer.from(found, 'utf8'),
        (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
      ).join('');
    },
  );
}

function unescaped(text: string): string {
  return text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
    const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
    const decoded = bytes.toString('utf8');
    return decoded.includes('\ufffd') ? run : decoded;
  });
}

/** Without the segments `.` and `..`. */
function withoutDots(path: string): string {
  if (!/(?:^|\/)\.\.?(?:\/|$)/.test(path)) return path;
  const kept: string[] = [];
  const segments = path.split('/');
  for (const [n, segment] of segments.entries()) {
    const last = n === segments.length - 1;
    if (segment === '..') {
      if (kept.length > 1) kept.pop();
      if (last) kept.push('');
    } else if (segment === '.') {
      if (last) kept.push('');
    } else kept.push(segment);
  }
  return kept.join('/');
}
