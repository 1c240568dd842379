import { z } from 'zod';
import { bytesWritten, dayWindow } from './amounts.ts';
import { feedSettings } from './feed.ts';

/** Every setting of `crossgap.toml` and what it means. Everything has a default; unknown keys are refused. */
export const Settings = z.strictObject({
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
    })
    .prefault({}),
  feed: feedSettings,
  /** What is told to the author of a release about its runs here. */
  report: z
    .strictObject({
      /** The outcome of each step and convention; without it only that of the whole. */
      trace: z.boolean().default(true),
      /** Names of the files that conventions touched. */
      files: z.boolean().default(true),
      /** The text of an error, secrets masked. */
      errors: z.boolean().default(true),
    })
    .prefault({}),
});
export type Settings = z.infer<typeof Settings>;
