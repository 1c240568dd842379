import { z } from 'zod';

/** What repositories are called in commands, in the vault and in the log. */
const repositoryName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected a short name of letters, digits, dots and dashes');

const absolutePath = z.string().regex(/^(\/|[A-Za-z]:[\\/]|\\\\)/, 'expected an absolute path');

const feedAddress = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}, 'expected http(s)://HOST/…, without a user or password in it');

/** Ids of packages, `*` at the end for all that begin so. */
const patterns = z.array(z.string().regex(/^[A-Za-z0-9_.-]*\*?$/, 'expected an id such as "Acme.*"'));

const neverHere = (how: string) => z.never({ error: `never stands here in clear: ${how}` }).optional();

const source = z
  .strictObject({
    name: repositoryName,
    /** The service index of a NuGet v3 feed; what does not end in `.json` can only be pushed to. */
    url: feedAddress.optional(),
    /** A folder of packages instead, in either layout that NuGet reads. */
    folder: absolutePath.optional(),
    /** For Basic authentication; the password is `crossgap source secret NAME`, or in `password-file`. */
    user: z
      .string()
      .min(1)
      .regex(/^[^:\p{Cc}]*$/u, 'expected a name without a colon')
      .optional(),
    /** Files with the password, and the key for pushes, where they don't come from `crossgap source secret`; paths begin in the data folder. */
    'password-file': z.string().min(1).optional(),
    'api-key-file': z.string().min(1).optional(),
    password: neverHere('use `crossgap source secret NAME`, or password-file'),
    'api-key': neverHere('use `crossgap source secret NAME --api-key`, or api-key-file'),
    /** Whether it may be spoken to without TLS off this machine. */
    'allow-insecure': z.boolean().default(false),
    /** Hosts, besides that of `url`, that may be told who we are. */
    'credential-hosts': z.array(z.string().regex(/^[^\s/@]+$/, 'expected HOST or HOST:PORT')).default([]),
    /** A file of certificates (PEM) to believe besides the usual ones. */
    ca: z.string().min(1).optional(),
    /** The HTTP proxy to reach it through, by CONNECT. */
    proxy: z
      .string()
      .regex(/^http:\/\/[^\s/@]+$/, 'expected http://HOST:PORT')
      .optional(),
    /** Whether packages that releases name and that are not here are looked for there. */
    fetch: z.boolean().default(true),
    /** Which packages are looked for there. */
    packages: patterns.default(['*']),
  })
  .refine(({ url, folder }) => (url === undefined) !== (folder === undefined), {
    error: 'expected either url or folder',
    path: ['url'],
  });

/** One of others' NuGet repositories. */
export type SourceSettings = z.infer<typeof source>;

/** The repositories that packages are fetched from and pushed to. */
export const sourceSettings = z
  .array(source)
  .refine(
    (all) => new Set(all.map(({ name }) => name.toLowerCase())).size === all.length,
    'two have the same name',
  );

const push = z.strictObject({
  /** The name of a `[[source]]`. */
  to: repositoryName,
  /** The links whose packages are pushed, by name; without it all. */
  links: z.array(z.string().min(1)).min(1).optional(),
  /** Which packages are pushed. */
  packages: patterns.default(['*']),
});

/** What is pushed by itself, and where to. */
export type PushSettings = z.infer<typeof push>;

/** Packages that links bring and that are pushed on when they are verified. */
export const pushSettings = z.array(push);

/** Whether an id is one of those that patterns name. */
export function isNamed(id: string, named: readonly string[]): boolean {
  const lower = id.toLowerCase();
  return named.some((pattern) =>
    pattern.endsWith('*')
      ? lower.startsWith(pattern.slice(0, -1).toLowerCase())
      : lower === pattern.toLowerCase(),
  );
}
