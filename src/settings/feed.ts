import { z } from 'zod';

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The read-only package feed; how clients use it is in docs/feeds.md. */
export const feedSettings = z
  .strictObject({
    /** Whether packages are served at all. */
    serve: z.boolean().default(true),
    /** What stands before `/nuget/v3/` where clients reach the feed by another address than the one it listens on. */
    url: z.string().superRefine(refuseUnfitUrl).optional(),
    /** A file with a token a line; with it, nobody reads the feed without one of them. */
    'token-file': z.string().min(1).optional(),
    /** Where the feed listens for other machines, beside the status page. */
    listen: z
      .string()
      .regex(/^(?:[^\s:]+|\[[0-9a-fA-F:.]+\]):\d{1,5}$/, 'expected HOST:PORT')
      .optional(),
    /** PEM: the certificate of that address, with those above it. */
    certificate: z.string().min(1).optional(),
    /** PEM: its key, not encrypted. */
    key: z.string().min(1).optional(),
  })
  .superRefine(({ listen, certificate, key }, context) => {
    const issue = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (certificate !== undefined && key === undefined) issue('key', 'a certificate needs its key');
    if (key !== undefined && certificate === undefined) issue('certificate', 'a key needs its certificate');
    if (certificate !== undefined && listen === undefined)
      issue('listen', 'expected HOST:PORT, since there is a certificate; the status page speaks no TLS');
  })
  .prefault({});

function refuseUnfitUrl(text: string, context: z.RefinementCtx): void {
  const url = URL.parse(text);
  const isPlain =
    url !== null && [url.username, url.password, url.search, url.hash].every((part) => part === '');
  if (url === null || !isPlain || !/^https?:$/.test(url.protocol))
    context.addIssue('expected an address such as "https://packages.contoso.example"');
  else if (url.protocol === 'http:' && !loopbackHosts.has(url.hostname))
    context.addIssue('expected https, since NuGet refuses feeds without TLS (NU1302)');
}
