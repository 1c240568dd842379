import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../replace-file.ts';
import { HubError } from './errors.ts';
import { isHost, parseHubUrl } from './hub-url.ts';

const Host = z.string().refine(isHost, 'is neither a host name nor an address');
const Port = z.int().min(1).max(65_535);
const Place = z.string().regex(/^\/[^\p{Cc}]*$|^[A-Za-z]:[^\p{Cc}]*$/u, 'is no absolute path');

/** As the server's configuration writes sizes, powers of 1024: 10GB. */
const Size = z.string().regex(/^[1-9][0-9]{0,5}(KB|MB|GB|TB)$/, 'is no size such as 500MB or 10GB');

/** One server of a cluster, as the others and the customers reach it. */
const HubServer = z.strictObject({ host: Host, port: Port, routePort: Port });
export type HubServer = z.infer<typeof HubServer>;

/**
 * What the operator chose for the hub. What is not chosen follows from the links. It is remembered, so that the same
 * command without a flag writes the same again when a customer came.
 */
const HubSettings = z.strictObject({
  format: z.literal('crossgap-hub/1'),
  /** The folder the files were written to last. */
  out: Place.optional(),
  /** Where that folder is on the server's machine, if elsewhere. */
  at: Place.optional(),
  /** More names and addresses for the certificate. */
  hosts: z.array(Host).max(50).optional(),
  /** The servers of a cluster, as many as there are to be copies of each stream. */
  servers: z.array(HubServer).max(3).optional(),
  /** How many copies there are of each stream, and servers: 1 or 3. */
  replicas: z.union([z.literal(1), z.literal(3)]).optional(),
  /** The address that servers listen at. */
  listen: Host.optional(),
  port: Port.optional(),
  /** Where a WebSocket listener is; null for none. */
  websocket: Port.nullable().optional(),
  /** Where the server's own figures are shown, on loopback; null for none. */
  monitor: Port.nullable().optional(),
  /** Where streams are stored on the server's machine. */
  store: Place.optional(),
  /** How much of its disk they may take all together. */
  maxFile: Size.optional(),
  /** How much may wait at the server for each customer, and from each; what is more waits at its author. */
  down: Size.optional(),
  up: Size.optional(),
  /** Where this instance itself dials its servers, if not where the links do. */
  ownUrls: z.array(z.string()).min(1).max(16).optional(),
});
export type HubSettings = Omit<z.infer<typeof HubSettings>, 'format'>;

/** Where what was chosen is remembered, below the data folder at `root`. */
export function hubSettingsFile(root: string): string {
  return join(root, 'hub.json');
}

/** What was chosen before, nothing where no hub was configured yet. @throws HubError HUB_SETTINGS_UNREADABLE */
export function readHubSettings(path: string): HubSettings {
  if (!existsSync(path)) return {};
  let why: string;
  try {
    const { success, data, error } = HubSettings.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (success) {
      const { format: _format, ...settings } = data;
      return settings;
    }
    why = error.issues.map((issue) => `${issue.path.join('.') || 'top level'}: ${issue.message}`).join('; ');
  } catch (cause) {
    why = cause instanceof Error ? cause.message : String(cause);
  }
  throw new HubError(
    'HUB_SETTINGS_UNREADABLE',
    `Cannot read what was chosen for the hub in ${path}: ${why}`,
    {
      hint: 'Mend the file, or remove it and give the flags of `crossgap hub config` again.',
      details: { path },
    },
  );
}

/** Remembers what was chosen. @throws HubError HUB_SETTING_UNFIT naming what can't be */
export function writeHubSettings(path: string, settings: HubSettings): void {
  const text = `${JSON.stringify({ format: 'crossgap-hub/1', ...checkHubSettings(settings) }, null, 2)}\n`;
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) replaceFile(path, text);
}

/** The same settings, where they can be used. @throws HubError HUB_SETTING_UNFIT */
export function checkHubSettings(settings: HubSettings): HubSettings {
  const { success, error } = HubSettings.safeParse({ format: 'crossgap-hub/1', ...settings });
  if (success) return settings;
  const { path, message } = error.issues[0]!;
  throw settingUnfit(path.join('.'), message);
}

const units = { KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 } as const;

/** Bytes of a size as settings have it. */
export function sizeBytes(size: string): number {
  return Number(size.slice(0, -2)) * units[size.slice(-2) as keyof typeof units];
}

/** What each link's streams are made with; a server reserves the bytes. Whoever makes them must say the same. */
export function streamLimits({ down = '256MB', up = '64MB', replicas = 1 }: HubSettings): {
  readonly downBytesMax: number;
  readonly upBytesMax: number;
  readonly replicas: 1 | 3;
} {
  return { downBytesMax: sizeBytes(down), upBytesMax: sizeBytes(up), replicas };
}

/** Where this instance dials its own hub: where it was told to, else where the given links' other sides do. */
export function ownHubUrls(
  { ownUrls }: HubSettings,
  links: readonly { readonly urls: readonly string[] }[],
): string[] {
  if (ownUrls !== undefined) return [...ownUrls];
  const dialled = new Set(links.flatMap(({ urls }) => urls));
  // A WebSocket is the detour of those who have no straight way.
  const straight = [...dialled].filter((url) => !parseHubUrl(url).webSocket);
  return straight.length > 0 ? straight : [...dialled];
}

/** The refusal of a choice for the hub. */
export function settingUnfit(what: string, why: string, hint?: string): HubError {
  return new HubError('HUB_SETTING_UNFIT', `Cannot configure the hub: ${what}: ${why}`, {
    hint: hint ?? 'See `crossgap hub config --help` for what each flag takes.',
    details: { setting: what },
  });
}
