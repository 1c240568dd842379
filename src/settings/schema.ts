import { z } from 'zod';

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
      /** The HTTP proxy through which NATS servers are dialled, by CONNECT. */
      proxy: z
        .string()
        .regex(/^http:\/\/[^\s/@]+$/, 'expected http://HOST:PORT')
        .optional(),
    })
    .prefault({}),
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
