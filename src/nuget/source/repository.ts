/** Another NuGet repository: where it is, and who we are there. */
export type Repository = HttpRepository | FolderRepository;

/** A NuGet v3 feed; what does not end in `.json` is an address to push to, as the official client takes it. */
export type HttpRepository = {
  readonly kind: 'http';
  readonly name: string;
  readonly url: string;
  /** For Basic authentication, which is tried without waiting to be asked. */
  readonly user?: string;
  readonly password?: string;
  /** Goes with pushes alone. */
  readonly apiKey?: string;
  /** Whether it may be spoken to without TLS off this machine. */
  readonly allowInsecure: boolean;
  /** Hosts besides the one of `url` that may be told who we are. */
  readonly credentialHosts: readonly string[];
  /** Certificates (PEM) to believe besides the usual ones. */
  readonly ca?: string;
  /** `http://HOST:PORT` of a proxy to CONNECT through. */
  readonly proxy?: string;
};

/** A folder in one of the two layouts that NuGet reads. */
export type FolderRepository = { readonly kind: 'folder'; readonly name: string; readonly folder: string };

/** A package as repositories know it. */
export type PackageName = { readonly id: string; readonly version: string };

/** Whether an address is a v3 service index, by the rule of the official client. */
export function isServiceIndex(url: string): boolean {
  return /\.json$/i.test(new URL(url).pathname);
}

/** Whether a host is this very machine, where nothing passes a network. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(hostname);
}

/** An address as it may be shown: what follows a question mark may be a key. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
