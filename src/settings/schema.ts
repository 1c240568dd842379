import { z } from 'zod';
import { bytesWritten, dayWindow } from './amounts.ts';
import { feedSettings } from './feed.ts';
import { pushSettings, sourceSettings } from './repositories.ts';

/** Every setting of `crossgap.toml` and what it means. Everything has a default; unknown keys are refused. */
const everySetting = z.strictObject({
  /** Where the status page listens. Off loopback it is refused: it has no log-in. */
  listen: z
    .string()
    .regex(/^[^\s:]+:\d{1,5}$/, 'expected HOST:PORT')
    .default('127.0.0.1:7420'),
  /** Names under which the status page may be asked for, besides the loopback ones. */
  'allowed-hosts': z.array(z.string()).default([]),
  /** `error`, `warn`, `info` or `debug`. */
  'log-level': z.enum(['error', 'warn', 'info', 'debug']).default('info'),
  /** The machine's name in `Octopus.Machine.Name`. */
  machine: z.string().min(1).optional(),
  sync: z
    .strictObject({
      /** Seconds between looks at a folder that doesn't announce changes. */
      'look-every': z.int().min(1).max(86_400).default(5),
      /** Seconds between signed heads on a quiet link. */
      'head-every': z.int().min(1).max(86_400).default(300),
      /** How fast blobs move, all links together, such as `2 MB/s`. */
      'blob-rate': bytesWritten('/s').optional(),
      /** When blobs move, each day, local time, such as `20:00-06:00`. */
      'blob-window': dayWindow.optional(),
      /** How much the blobs of this instance may take in all, such as `20 GB`. */
      'blob-quota': bytesWritten('').optional(),
      /** How much must stay free on the disk: blobs don't come where there would be less. */
      'disk-reserve': bytesWritten('').prefault('100 MB'),
      /** The HTTP proxy through which NATS servers are dialled, by CONNECT. */
      proxy: z
        .string()
        .regex(/^http:\/\/[^\s/@]+$/, 'expected http://HOST:PORT')
        .optional(),
    })
    .prefault({}),
  /** What a package may be at most, wherever one is opened: taken in, served, deployed. */
  packages: z
    .strictObject({
      /** Files in it, and folders that they lie in; an archive counts no more than the default. */
      entries: z.int().min(1).max(65_533).default(65_533),
      /** All its files together, such as `8 GiB`. */
      unpacked: bytesWritten('').prefault('8 GiB'),
      /** How many times larger than the package its files together may be, above 64 MiB. */
      ratio: z.int().min(1).max(1_000_000).default(250),
      /** Folders on the way to a file, and the file. */
      depth: z.int().min(1).max(1000).default(64),
      /** The whole path of a file, in bytes of UTF-8. */
      'name-length': z.int().min(1).max(4000).default(1024),
    })
    .prefault({}),
  /**
   * How long folders of versions that ran here before are kept, per step; without either they stay. What runs now and
   * the version before it always stay.
   */
  retention: z
    .strictObject({
      /** How many successful versions before the present one. */
      releases: z.int().min(1).max(1000).optional(),
      /** Those younger than so many days. */
      days: z.int().min(1).max(36_500).optional(),
      /** Whether packages that no release needs any more are removed after a deployment, as `package gc` does. */
      packages: z.boolean().default(false),
    })
    .prefault({}),
  feed: feedSettings,
  /** Others' NuGet repositories, to fetch packages from and to push them to. */
  source: sourceSettings.default([]),
  /** What of links' packages is pushed on by itself. */
  push: pushSettings.default([]),
  /** What a person here has to agree to beside what signatures say. */
  consent: z
    .strictObject({
      /** `ask`: no script of a release runs before a person approved it here; `follow-signature`: its author's signature is enough. */
      scripts: z.enum(['ask', 'follow-signature']).default('follow-signature'),
    })
    .prefault({}),
  /** What is told to the author of a release about its runs here. */
  report: z
    .strictObject({
      /** By itself as a run goes on, or only what a person asked to be told (`crossgap report`). */
      when: z.enum(['always', 'asked']).default('always'),
      /** The outcome of each step and convention; without it only that of the whole. */
      trace: z.boolean().default(true),
      /** Names of the files that conventions touched. */
      files: z.boolean().default(true),
      /** The text of an error, secrets masked. */
      errors: z.boolean().default(true),
      /** What a step that failed wrote last, secrets masked; told only where errors are. */
      lines: z.boolean().default(true),
    })
    .prefault({}),
});

/** The settings, where each of them also fits the others. */
export const Settings = everySetting.superRefine(({ source, push }, context) => {
  const names = new Set(source.map(({ name }) => name.toLowerCase()));
  for (const [at, { to }] of push.entries())
    if (!names.has(to.toLowerCase()))
      context.addIssue({
        code: 'custom',
        path: ['push', at, 'to'],
        message: `no [[source]] is called ${to}`,
      });
});
export type Settings = z.infer<typeof Settings>;
