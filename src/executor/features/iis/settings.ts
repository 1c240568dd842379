import { resolve } from 'node:path';
import { z } from 'zod';
import { isXmlText } from '../../../config-files/index.ts';
import { looseText, unusable, type FeatureSettings } from '../settings.ts';
import { configurationFile } from './configuration-file.ts';

const prefix = 'Octopus.Action.IISWebSite';
const identities = [
  'ApplicationPoolIdentity',
  'LocalService',
  'LocalSystem',
  'NetworkService',
  'SpecificUser',
] as const;

const poolSettings = (below: string): Record<string, string> => ({
  [`${below}.ApplicationPoolName`]: 'The application pool; made where it is not there',
  [`${below}.ApplicationPoolFrameworkVersion`]:
    '`v4.0`, `v2.0` or `No Managed Code`; left as it is if not given',
  [`${below}.ApplicationPoolIdentityType`]: `${identities.map((one) => `\`${one}\``).join(', ')}; left as it is if not given`,
  [`${below}.ApplicationPoolUsername`]: 'For `SpecificUser`: the account',
  [`${below}.ApplicationPoolPassword`]: 'Its password; none for a managed service account',
});

/** Every setting of the feature, by property. */
export const iisSettings: Readonly<Record<string, string>> = {
  [`${prefix}.CreateOrUpdateWebSite`]: '`True`: a site of its own',
  [`${prefix}.WebSiteName`]: 'Name of the site',
  [`${prefix}.WebRoot`]:
    "Its folder, in the application's or absolute; the application's folder if not given",
  [`${prefix}.Bindings`]:
    'JSON: a list of `protocol`, `port`, `host`, `ipAddress`, `thumbprint`, `requireSni`, `enabled`; or `http/*:80:name` with `|` between',
  [`${prefix}.EnableAnonymousAuthentication`]: '`True` or `False`; left as it is if not given',
  [`${prefix}.EnableBasicAuthentication`]: 'the same for Basic',
  [`${prefix}.EnableWindowsAuthentication`]: 'the same for Windows',
  ...poolSettings(prefix),
  [`${prefix}.WebApplication.CreateOrUpdate`]: '`True`: an application of a site that is there',
  [`${prefix}.WebApplication.WebSiteName`]: 'Name of that site',
  [`${prefix}.WebApplication.VirtualPath`]: 'Where it is below the site: `/shop`',
  [`${prefix}.WebApplication.PhysicalPath`]: "Its folder; the application's folder if not given",
  ...poolSettings(`${prefix}.WebApplication`),
  [`${prefix}.VirtualDirectory.CreateOrUpdate`]: '`True`: a virtual directory of a site that is there',
  [`${prefix}.VirtualDirectory.WebSiteName`]: 'Name of that site',
  [`${prefix}.VirtualDirectory.VirtualPath`]: 'Where it is below the site: `/images`',
  [`${prefix}.VirtualDirectory.PhysicalPath`]: "Its folder; the application's folder if not given",
  [configurationFile]: "IIS' `applicationHost.config`; on Windows the system's if not given",
};

export type Pool = {
  readonly name: string;
  readonly framework: string | undefined;
  readonly identity: (typeof identities)[number] | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
};

export type SiteBinding = {
  readonly protocol: string;
  /** `*:80:shop.example.org` */
  readonly information: string;
  readonly sni: boolean;
  readonly thumbprint: string;
};

/** What a step asks of IIS; a step may ask for several. */
export type IisWish =
  | {
      readonly kind: 'site';
      readonly site: string;
      readonly folder: string;
      readonly pool: Pool;
      readonly bindings: readonly SiteBinding[];
      readonly authentication: Readonly<Record<string, boolean>>;
    }
  | {
      readonly kind: 'application';
      readonly site: string;
      readonly path: string;
      readonly folder: string;
      readonly pool: Pool;
    }
  | { readonly kind: 'directory'; readonly site: string; readonly path: string; readonly folder: string };

/** What the step asks for, in the order in which it is done. Throws `FEATURE_FAILED` where a setting can't be used. */
export function readIis(settings: FeatureSettings, folder: string): IisWish[] {
  const wishes: IisWish[] = [];
  const below = (kind: 'VirtualDirectory' | 'WebApplication') => ({
    site: needed(settings, `${prefix}.${kind}.WebSiteName`),
    path: `/${needed(settings, `${prefix}.${kind}.VirtualPath`)
      .replaceAll('\\', '/')
      .replaceAll(/^\/+|\/+$/g, '')}`,
    folder: resolve(folder, settings.text(`${prefix}.${kind}.PhysicalPath`) ?? '.'),
  });
  if (settings.flag(`${prefix}.VirtualDirectory.CreateOrUpdate`, false))
    wishes.push({ kind: 'directory', ...below('VirtualDirectory') });
  if (settings.flag(`${prefix}.WebApplication.CreateOrUpdate`, false))
    wishes.push({
      kind: 'application',
      ...below('WebApplication'),
      pool: readPool(settings, `${prefix}.WebApplication`),
    });
  if (settings.flag(`${prefix}.CreateOrUpdateWebSite`, false)) {
    wishes.push({
      kind: 'site',
      site: needed(settings, `${prefix}.WebSiteName`),
      folder: resolve(folder, settings.text(`${prefix}.WebRoot`) ?? '.'),
      pool: readPool(settings, prefix),
      bindings: readBindings(settings),
      authentication: readAuthentication(settings),
    });
  }
  return wishes;
}

function readPool(settings: FeatureSettings, below: string): Pool {
  const identityAt = `${below}.ApplicationPoolIdentityType`;
  const identity =
    settings.text(identityAt) === undefined
      ? undefined
      : settings.choice(identityAt, identities, 'ApplicationPoolIdentity');
  const user = settings.text(`${below}.ApplicationPoolUsername`);
  if (identity === 'SpecificUser' && user === undefined)
    throw unusable(`${below}.ApplicationPoolUsername`, 'it is empty, and the pool runs as SpecificUser');
  const framework = settings.text(`${below}.ApplicationPoolFrameworkVersion`);
  return {
    name: needed(settings, `${below}.ApplicationPoolName`),
    framework: framework?.toLowerCase() === 'no managed code' ? '' : framework,
    identity,
    user,
    password: identity === 'SpecificUser' ? settings.text(`${below}.ApplicationPoolPassword`) : undefined,
  };
}

function readAuthentication(settings: FeatureSettings): Record<string, boolean> {
  const sections = { Anonymous: 'anonymous', Basic: 'basic', Windows: 'windows' };
  const asked: Record<string, boolean> = {};
  for (const [word, section] of Object.entries(sections)) {
    const property = `${prefix}.Enable${word}Authentication`;
    if (settings.text(property) !== undefined)
      asked[`${section}Authentication`] = settings.flag(property, false);
  }
  return asked;
}

const truth = looseText.transform((text) => text.toLowerCase() === 'true');
const Binding = z.object({
  protocol: looseText.pipe(z.string().regex(/^[a-z][a-z.]*$/i, { error: 'is not a protocol' })),
  port: looseText.pipe(z.string().regex(/^\d{0,5}$/, { error: 'is not the number of a port' })).default(''),
  host: looseText
    .pipe(z.string().regex(/^[\p{L}\p{N}.*_-]*$/u, { error: 'is not the name of a host' }))
    .default(''),
  ipAddress: looseText
    .pipe(z.string().regex(/^(?:\*|[\da-f.:]*|\[[\da-f:.]+\])$/i, { error: 'is not an address' }))
    .default(''),
  thumbprint: looseText
    .pipe(z.string().regex(/^[\da-f\s]*$/i, { error: 'is not the thumbprint of a certificate' }))
    .default(''),
  requireSni: truth.default(false),
  enabled: truth.default(true),
});

function readBindings(settings: FeatureSettings): SiteBinding[] {
  const property = `${prefix}.Bindings`;
  const written = settings.text(property) ?? '';
  const isJson = written.startsWith('[') || written === '';
  const all = isJson ? (settings.json(property, z.array(Binding)) ?? []) : shortBindings(property, written);
  const on = all.filter(({ enabled }) => enabled);
  if (on.length === 0) throw unusable(property, 'it has no binding that is on');
  return on.map(({ protocol, port, host, ipAddress, thumbprint, requireSni }) => {
    const isHttps = protocol.toLowerCase() === 'https';
    const print = thumbprint.replaceAll(/\s/g, '').toUpperCase();
    if (isHttps && print === '') throw unusable(property, 'an https binding has no thumbprint');
    const information = `${ipAddress === '' ? '*' : ipAddress}:${port}:${host}`;
    return { protocol, information, sni: requireSni, thumbprint: isHttps ? print : '' };
  });
}

/** The older way to write bindings: `https/*:443:name/THUMBPRINT/enabled/sni|…`. */
function shortBindings(property: string, text: string): z.infer<typeof Binding>[] {
  return text.split('|').map((one) => {
    const [protocol, information = '', thumbprint = '', enabled = '', requireSni = ''] = one.split('/');
    const parts = /^(\[[^\]]*\]|[^:]*):([^:]*):(.*)$/.exec(information);
    const read = Binding.safeParse({
      protocol,
      ipAddress: parts?.[1] ?? '',
      port: parts?.[2] ?? '',
      host: parts?.[3] ?? '',
      thumbprint,
      requireSni,
      enabled: enabled.trim() === '' ? 'true' : enabled,
    });
    if (read.success && parts !== null) return read.data;
    throw unusable(property, `"${one}" is not a binding`);
  });
}

function needed(settings: FeatureSettings, property: string): string {
  const value = settings.text(property);
  if (value === undefined) throw unusable(property, 'it is empty');
  if (!isXmlText(value)) throw unusable(property, "it has a character that XML can't express");
  return value;
}
